import { beforeAll, describe, expect, test } from 'vitest';
import { checkRelease } from '../../../functions/check-release/check-release.ts';
import { buildWheel } from '../../support/build-wheel.ts';
import { useEmulators } from '../../support/emulators.ts';
import { type Files, prepare, publisher } from '../../support/publish-release.ts';
import { hashOf } from '../../support/tree-arbitrary.ts';
import { type VolumesSetup, volumesSetup } from '../../support/volumes-setup.ts';

const emulators = useEmulators();
const HAT = 'hat/hat-1-py3-none-any.whl';
const CAP = 'cap/cap-1-py3-none-any.whl';
let [hat, cap]: Uint8Array[] = [];
beforeAll(async () => {
  hat = await buildWheel({ project: 'hat', version: '1' });
  // Digits that do not compress, so that it is larger than what is read at once.
  let [seed, noise] = [1, ''];
  while (noise.length < 6_000_000) {
    seed = (seed * 48_271) % 2_147_483_647;
    noise += seed.toString(36);
  }
  cap = await buildWheel({ project: 'cap', version: '1', stored: true, extra: { 'cap/large.txt': noise } });
});

const files = (): Files => ({ 'index.html': '<!DOCTYPE html>', [HAT]: hat ?? '' });

/** Checks a release that follows; which files were read, and of which only parts. */
const watchedCheck = async (setup: VolumesSetup, next: Files) => {
  const wheels = publisher(setup, 'wheels');
  const prepared = prepare(next);
  await wheels.stage(prepared);
  await wheels.store(prepared);
  const names = new Map(Object.entries(next).map(([path, content]) => [hashOf(content), path]));
  const [read, parts] = [new Set<string>(), new Set<string>()];
  const watch = (seen: Set<string>, sha256: string): void => {
    const path = names.get(sha256);
    if (path !== undefined) seen.add(path);
  };
  const { objects } = setup.check;
  const watched: typeof objects = {
    ...objects,
    read: (sha256, most) => {
      watch(read, sha256);
      return objects.read(sha256, most);
    },
    readRange: (sha256, offset, length) => {
      watch(parts, sha256);
      return objects.readRange(sha256, offset, length);
    },
  };
  const outcome = await checkRelease({ ...setup.check, objects: watched }, await wheels.takeCheck(prepared));
  return { outcome, read: [...read], parts: [...parts] };
};

describe('a volume of wheels', () => {
  test('is opened as far as it is new, and large wheels in parts', async () => {
    const setup = await volumesSetup(emulators);
    const { root, outcome } = await publisher(setup, 'wheels').publish(files());
    expect(outcome).toEqual({ kind: 'validated' });
    await setup.ask('bob', 'POST', '/volumes/wheels/release', { release: root });
    const checked = await watchedCheck(setup, { ...files(), [CAP]: cap ?? '' });
    expect(checked).toEqual({ outcome: { kind: 'validated' }, read: [], parts: [CAP] });
  });

  test('is opened whole when nothing good is current', async () => {
    const setup = await volumesSetup(emulators);
    const { root } = await publisher(setup, 'wheels').publish(files());
    const checked = await watchedCheck(setup, { ...files(), [CAP]: cap ?? '' });
    expect(checked).toEqual({ outcome: { kind: 'validated' }, read: [HAT], parts: [CAP] });
    expect(await publisher(setup, 'wheels').state(root)).toBe('VALIDATED');
  });

  test('is opened whole when what is current was found good as something else', async () => {
    const setup = await volumesSetup(emulators);
    const wheels = publisher(setup, 'wheels');
    const cutOff = { ...files(), [HAT]: (hat ?? new Uint8Array()).slice(0, 100) };
    const content = await setup.check.content.read();
    const volumes = content.rules.volumes.map((volume) => ({ ...volume, type: 'files' as const }));
    const asFiles = { ...setup.check, content: { read: async () => ({ ...content, rules: { ...content.rules, volumes } }) } };
    const prepared = prepare(cutOff);
    await wheels.stage(prepared);
    await wheels.store(prepared);
    expect(await checkRelease(asFiles, await wheels.takeCheck(prepared))).toEqual({ kind: 'validated' });
    await setup.ask('bob', 'POST', '/volumes/wheels/release', { release: prepared.tree.sha256 });
    const { outcome } = await wheels.publish({ ...cutOff, README: 'wheels by now' });
    expect(outcome).toEqual({ kind: 'rejected', problems: [{ path: HAT, message: expect.stringContaining('cut off') }] });
  });

  test('that pip could not install from is rejected', async () => {
    const setup = await volumesSetup(emulators);
    const { outcome } = await publisher(setup, 'wheels').publish({ [HAT]: (hat ?? new Uint8Array()).slice(0, 100) });
    expect(outcome).toEqual({
      kind: 'rejected',
      problems: [
        { path: HAT, message: expect.stringContaining('cut off') },
        { path: 'simple/index.v1_json', message: expect.stringContaining('nobody finds') },
        { path: 'simple/hat/index.v1_json', message: expect.stringContaining('does not find hat') },
      ],
    });
  });
});
