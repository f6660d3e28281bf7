import { describe, expect, test } from 'vitest';
import { parseVolumeReply } from '#wire/volume/volume-replies.ts';
import { volumesApi } from '../../../functions/volumes-api/volumes-api.ts';
import { useEmulators } from '../../support/emulators.ts';
import { prepare, publisher } from '../../support/publish-release.ts';
import { hashOf } from '../../support/tree-arbitrary.ts';
import { claimsOf, replyOf, type VolumesSetup, volumesSetup } from '../../support/volumes-setup.ts';

const emulators = useEmulators();
const FILES = { 'a/one': 'one', 'a/two': 'two' };
const NEXT = { ...FILES, 'a/three': 'three' };

const release = (setup: VolumesSetup, root: string, who: 'bob' | 'wendy' = 'bob') =>
  setup.ask(who, 'POST', '/volumes/tools/release', { release: root });

describe('staging', () => {
  test('says whether there is anything to do', async () => {
    const setup = await volumesSetup(emulators);
    const ann = publisher(setup, 'tools');
    const [one, two] = [prepare(FILES), prepare(NEXT)];
    const outcome = async (prepared: typeof one) => {
      const { outcome: said, release: staged } = await ann.stage(prepared);
      return [said, staged.state];
    };
    expect(await outcome(one)).toEqual(['staged', 'STAGING']);
    expect(await outcome(one)).toEqual(['resumed', 'STAGING']);
    await ann.publish(FILES);
    expect(await outcome(one)).toEqual(['nothing', 'VALIDATED']);
    await release(setup, one.tree.sha256);
    expect(await outcome(one)).toEqual(['nothing', 'CURRENT']);
    await ann.publish(NEXT);
    await release(setup, two.tree.sha256);
    // It was good once, and may follow what is current now.
    expect(await outcome(one)).toEqual(['nothing', 'SUPERSEDED']);
    const three = prepare({ ...NEXT, 'a/four': 'four' });
    await ann.publish({ ...NEXT, 'a/four': 'four' });
    expect((await release(setup, one.tree.sha256)).statusCode).toBe(200);
    // What was validated over something else is validated again.
    expect(await outcome(three)).toEqual(['resumed', 'STAGING']);
  });

  test('of more than the quota is refused before anything is sent', async () => {
    const setup = await volumesSetup(emulators);
    const content = await setup.api.content.read();
    const volumes = content.rules.volumes.map((volume) => ({ ...volume, quotaBytes: 1_000 }));
    const limited = { read: async () => ({ ...content, rules: { ...content.rules, volumes } }) };
    const staged = async (bytes: number) => {
      const call = { method: 'POST', path: '/api/v1/volumes/tools/stage', claims: claimsOf('ann'), query: '', headers: {} };
      const body = JSON.stringify({ root: hashOf('root'), files: 1, bytes });
      const rest = { arrivedMs: 0, sourceIp: '192.0.2.1', certificateSubject: undefined };
      return replyOf(await volumesApi({ ...setup.api, content: limited }, { ...call, ...rest, body }));
    };
    expect(await staged(1_001)).toEqual([409, { kind: 'over-quota', value: 'The release has 1001 bytes; the quota is 1000.' }]);
    expect(await setup.volumes.release('tools', hashOf('root'))).toBeUndefined();
    expect(await staged(1_000)).toMatchObject([200, { outcome: 'staged' }]);
  });

  test('of what was aborted or rejected begins again', async () => {
    const setup = await volumesSetup(emulators);
    const ann = publisher(setup, 'tools');
    const { root } = await ann.publish({});
    expect(await ann.stage(prepare({}))).toMatchObject({ outcome: 'resumed', release: { release: root, state: 'STAGING' } });
    await setup.ask('ann', 'POST', `/volumes/tools/releases/${root}/abort`, { reason: 'x' });
    expect(await ann.stage(prepare({}))).toMatchObject({ outcome: 'resumed' });
  });
});

describe('objects', () => {
  const askFor = async (setup: VolumesSetup, root: string, objects: readonly string[], look = true) => {
    const asked = objects.map((content) => ({ sha256: hashOf(content), sizeBytes: content.length }));
    return setup.ask('ann', 'POST', '/volumes/tools/objects', { root, objects: asked, look });
  };

  test('are to be put, are there, or are to be waited for', async () => {
    const setup = await volumesSetup(emulators);
    const ann = publisher(setup, 'tools');
    const { root } = await ann.publish(FILES);
    const next = prepare(NEXT);
    await ann.stage(next);
    await setup.dooms.doom({ sha256: hashOf('two'), by: 'sweep', atMs: setup.clock.nowMs });
    const standings = async (look: boolean) => {
      const [status, body] = replyOf(await askFor(setup, next.tree.sha256, ['one', 'two', 'three'], look));
      const { objects, expiresMs } = parseVolumeReply('objects', body);
      expect([status, expiresMs]).toEqual([200, setup.clock.nowMs + 3_600_000]);
      return objects.map(({ sha256, standing, upload }) => [sha256, standing, upload !== undefined]);
    };
    expect(await standings(true)).toEqual([
      [hashOf('one'), 'usable', false],
      [hashOf('two'), 'wait', false],
      [hashOf('three'), 'missing', true],
    ]);
    expect((await standings(false)).map(([, standing]) => standing)).toEqual(['missing', 'wait', 'missing']);
    // Of a release that is no more STAGING, what was true is not true any more.
    expect(replyOf(await askFor(setup, root, ['one']))).toMatchObject([409, { kind: 'wrong-state', state: 'VALIDATED' }]);
    expect(replyOf(await askFor(setup, hashOf('x'), ['one']))).toMatchObject([409, { kind: 'unknown-release' }]);
  });

  test('are looked for after their dooms were asked about', async () => {
    const setup = await volumesSetup(emulators);
    const prepared = prepare(FILES);
    await publisher(setup, 'tools').stage(prepared);
    const calls: string[] = [];
    const { dooms, objects } = setup.api;
    const doomed = (asked: readonly string[]) => {
      calls.push('dooms');
      return dooms.doomed(asked);
    };
    const sizeBytes = (sha256: string) => {
      calls.push('look');
      return objects.sizeBytes(sha256);
    };
    Object.assign(setup.api, { dooms: { doomed }, objects: { ...objects, sizeBytes } });
    await askFor(setup, prepared.tree.sha256, ['one', 'two']);
    expect(calls).toEqual(['dooms', 'look', 'look']);
  });

  test('have the size that they have, and at most 5 GiB', async () => {
    const setup = await volumesSetup(emulators);
    const ann = publisher(setup, 'tools');
    await ann.publish(FILES);
    const next = prepare(NEXT);
    await ann.stage(next);
    const ask = async (sizeBytes: number) => {
      const objects = [
        { sha256: hashOf('three'), sizeBytes: 5 },
        { sha256: hashOf('two'), sizeBytes },
      ];
      const body = { root: next.tree.sha256, objects, look: true };
      return replyOf(await setup.ask('ann', 'POST', '/volumes/tools/objects', body));
    };
    expect(await ask(4)).toMatchObject([
      400,
      { kind: 'invalid_request', problems: [{ path: 'objects.1.sizeBytes', message: 'the object that is there has 3 bytes' }] },
    ]);
    expect(await ask(2 ** 40)).toMatchObject([
      400,
      { problems: [{ path: 'objects.1.sizeBytes', message: expect.stringContaining('5 GiB') }] },
    ]);
  });

  test('are put by a thousand, in a reply that a function can send', { timeout: 30_000 }, async () => {
    const setup = await volumesSetup(emulators);
    const contents = Array.from({ length: 1_000 }, (_, at) => `content ${at}`);
    const prepared = prepare({ a: 'a' });
    await publisher(setup, 'tools').stage(prepared);
    const { statusCode, body } = await askFor(setup, prepared.tree.sha256, contents, false);
    expect([statusCode, parseVolumeReply('objects', JSON.parse(body)).objects.length]).toEqual([200, 1_000]);
    // The token of a role adds two kilobytes to each.
    expect(body.length + 1_000 * 2_000).toBeLessThan(6_000_000);
    expect((await askFor(setup, prepared.tree.sha256, [...contents, 'one more'])).statusCode).toBe(400);
  });
});

describe('a seal', () => {
  const seal = async (setup: VolumesSetup, root: string) =>
    replyOf(await setup.ask('ann', 'POST', `/volumes/tools/releases/${root}/seal`, {}));

  test('asks for a check, once for one staging, and tells afterwards what came of it', async () => {
    const setup = await volumesSetup(emulators);
    const ann = publisher(setup, 'tools');
    const prepared = prepare(FILES);
    const { sha256: root } = prepared.tree;
    const { release: staged } = await ann.stage(prepared);
    await ann.store(prepared);
    expect(await seal(setup, root)).toMatchObject([202, { release: { release: root, state: 'STAGING' } }]);
    expect(await seal(setup, root)).toMatchObject([202, {}]);
    const message = {
      work: { kind: 'check', volume: 'tools', root, stagedMs: staged.sinceMs },
      requestId: `${root}-${staged.sinceMs}`,
    };
    // The queue takes equal requests for one.
    expect(setup.queued).toEqual([message, message]);
    await setup.runChecks();
    expect(await seal(setup, root)).toMatchObject([200, { release: { state: 'VALIDATED' } }]);
    expect(setup.queued).toEqual([]);
  });

  test('of what is sealed has it judged again; of what ended or never was is refused', async () => {
    const setup = await volumesSetup(emulators);
    const ann = publisher(setup, 'tools');
    const prepared = prepare(FILES);
    const { sha256: root } = prepared.tree;
    await ann.stage(prepared);
    await ann.store(prepared);
    await ann.seal(prepared);
    let changes = 0;
    const change: typeof setup.volumes.change = (asks, decide) => {
      changes += 1;
      return changes === 2 ? Promise.reject(new Error('killed')) : setup.volumes.change(asks, decide);
    };
    Object.assign(setup.check, { volumes: { ...setup.volumes, change } });
    await expect(setup.runChecks()).rejects.toThrow('killed');
    expect(await seal(setup, root)).toMatchObject([202, { release: { state: 'SEALED' } }]);
    expect(await setup.runChecks()).toEqual([{ kind: 'validated' }]);
    await setup.ask('ann', 'POST', `/volumes/tools/releases/${root}/abort`, { reason: 'x' });
    expect(await seal(setup, root)).toMatchObject([409, { kind: 'wrong-state', state: 'ABORTED' }]);
    expect(await seal(setup, hashOf('x'))).toMatchObject([409, { kind: 'unknown-release', value: 'There is no such release.' }]);
    expect(await seal(setup, 'current')).toMatchObject([409, { kind: 'unknown-release' }]);
  });
});

test('what is not wanted any more is aborted, once', async () => {
  const setup = await volumesSetup(emulators);
  const { root } = await publisher(setup, 'tools').publish(FILES);
  const abort = async () =>
    replyOf(await setup.ask('ann', 'POST', `/volumes/tools/releases/${root}/abort`, { reason: 'not this' }));
  const aborted = [200, { release: { release: root, state: 'ABORTED' }, pointer: { version: 4 } }];
  expect([await abort(), await abort()]).toMatchObject([aborted, aborted]);
  expect((await setup.volumes.log('tools', 1))[0]).toMatchObject({ transition: 'abort', reason: 'not this', by: 'user:ann' });
});
