import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Fault } from '#domain/errors.ts';
import { answerReport } from '../../functions/hosts-api/answer-report.ts';
import { aCarriage, aCategory, aHead, aSite, MINUTE } from '../support/a-network.ts';
import { aCall, type CheckInSetup, checkInWorld, tokenOf } from '../support/check-in-setup.ts';

const FIXTURE = readFileSync(join(import.meta.dirname, '../fixtures/report-mirror.http'), 'utf8').split('\r\n\r\n')[1] ?? '';
const SITE = { inventory: { sites: [aSite('site', { name: 'Example University' })] } };
const PRIVATE: CheckInSetup = { host: { private: true }, ...SITE };

const REPORT = {
  version: 0,
  global: { enabled: '1' },
  site: { name: 'Example University', password: tokenOf('m1') },
  host: { name: 'm1' },
};

const requestOf = (report: object): string => {
  const text = execFileSync('bzip2', ['-c'], { input: JSON.stringify(report) }).toString('base64url');
  return `<?xml version='1.0'?>\n<methodCall>\n<methodName>checkin</methodName>\n<params>\n<param>\n<value><string>${text}</string></value>\n</param>\n</params>\n</methodCall>\n`;
};

const treeOf = (...paths: readonly string[]) => ({ enabled: '1', dirtree: Object.fromEntries(paths.map((path) => [path, {}])) });

const said = async (world: Awaited<ReturnType<typeof checkInWorld>>, body: string): Promise<string> => {
  const reply = await world.report(body);
  expect([reply.statusCode, reply.headers['content-type']]).toEqual([200, 'text/xml; charset=utf-8']);
  return /<string>([\s\S]*)<\/string>/.exec(reply.body)?.[1] ?? reply.body;
};

describe('report_mirror', () => {
  it('tells what a private host holds: what it lists and nothing else', async () => {
    const world = await checkInWorld(PRIVATE);
    expect(await said(world, FIXTURE)).toBe('Category linux directories updated: 0  added: 4  deleted 0\nchecked in successful');
    expect(await world.facts()).toEqual({
      category: 'linux',
      heads: {
        'alpha/os/repodata/repomd.xml': { kind: 'digest', sha256: aHead('alpha-1').hashes.sha256 },
        'beta/os/repodata/repomd.xml': { kind: 'absent' },
      },
      excluded: [4, 5, 6, 8],
    });
    expect(await world.carrier()).toMatchObject({ state: 'serving' });
    expect(world.publish.reasons).toHaveLength(1);
    world.clock.advance(MINUTE);
    const next = requestOf({ ...REPORT, linux: treeOf('iso', 'beta/os', 'doc') });
    expect(await said(world, next)).toBe('Category linux directories updated: 1  added: 2  deleted 3\nchecked in successful');
  });

  it('makes us look at a public host, which MirrorManager2 refuses, and is told so', async () => {
    const world = await checkInWorld(SITE);
    expect(await said(world, FIXTURE)).toBe(
      'Category linux: this mirror can be looked at, which is done now\nchecked in successful',
    );
    expect([world.crawls.sent.length, await world.seen()]).toEqual([1, undefined]);
  });

  it('does not wipe a category by an empty tree, by unknown directories, or by a section that is switched off', async () => {
    const world = await checkInWorld(PRIVATE);
    await said(world, FIXTURE);
    const before = await world.facts();
    world.clock.advance(MINUTE);
    for (const [linux, line] of [
      [treeOf(), 'Category linux: none of the directories is known, nothing changed\n'],
      [treeOf('', 'x', 'alpha'), 'Category linux: none of the directories is known, nothing changed\n'],
      [{ enabled: '0', dirtree: {} }, ''],
    ] as const) {
      expect(await said(world, requestOf({ ...REPORT, linux }))).toBe(`${line}checked in successful`);
    }
    expect(await world.facts()).toEqual(before);
    expect((await world.seen())?.checkIn?.lastMs).toBe(world.clock.now() - MINUTE);
  });

  it('finds categories whatever their case, with blanks for hyphens, and passes over those that are not carried', async () => {
    const inventory = {
      ...SITE.inventory,
      categories: [aCategory(), aCategory({ id: 'Fedora-Linux' }), aCategory({ id: 'rest' })],
    };
    const carries = [aCarriage('m1'), aCarriage('m1', { category: 'Fedora-Linux' })];
    const world = await checkInWorld({ host: { carries }, inventory });
    const body = requestOf({
      ...REPORT,
      LINUX: treeOf('iso'),
      'fedora linux': treeOf('a'),
      rest: treeOf('a'),
      other: treeOf('a'),
    });
    expect((await said(world, body)).split('\n')).toEqual([
      'Category linux: this mirror can be looked at, which is done now',
      'Category Fedora-Linux: the master was not listed yet, nothing changed',
      'Category rest: is not one of this mirror, ignored',
      'Category other: is not one of this mirror, ignored',
      'checked in successful',
    ]);
  });

  it('has one answer for whatever is wrong with site, host and password', async () => {
    const world = await checkInWorld(PRIVATE);
    for (const change of [
      { site: { name: 'Example University', password: 'guess' } },
      { site: { name: 'Other', password: tokenOf('m1') } },
      { site: { name: 'Example University', password: tokenOf('m2') } },
      { host: { name: 'm2' } },
      { host: { name: 'gone' }, site: { name: 'Example University', password: tokenOf('gone') } },
    ]) {
      expect(await said(world, requestOf({ ...REPORT, linux: treeOf('iso'), ...change }))).toBe(
        'site or host is not known, or the password is no token of the host\nerror checking in',
      );
    }
    expect(await world.seen()).toBeUndefined();
  });

  it('may name the site by its id, and is told that user_active switches nothing off', async () => {
    const world = await checkInWorld(PRIVATE);
    const site = { ...REPORT.site, name: 'SITE' };
    const host = { name: 'm1', user_active: '0' };
    expect(await said(world, requestOf({ ...REPORT, site, host, linux: treeOf('iso') }))).toBe(
      [
        'Category linux directories updated: 0  added: 1  deleted 0',
        'user_active is not followed: switch the host off in its settings',
        'checked in successful',
      ].join('\n'),
    );
  });

  it('is told what is wrong with a report, and by a fault what is no call of checkin', async () => {
    const world = await checkInWorld(PRIVATE);
    expect(await said(world, requestOf({ ...REPORT, version: 1 }))).toBe('config file version is not 0\nerror checking in');
    for (const [body, code] of [
      ['<x/>', -32_600],
      [FIXTURE.replace('checkin<', 'system.listMethods<'), -32_601],
    ] as const) {
      expect((await world.report(body)).body).toContain(`<int>${code}</int>`);
    }
    expect((await answerReport(world.deps, aCall({ method: 'GET' }))).statusCode).toBe(405);
  });

  it('passes a fault on: nobody is told of a check-in that was not kept', async () => {
    const world = await checkInWorld(PRIVATE);
    const failing = { ...world.deps, publish: { soon: async () => Promise.reject(new Fault('no queue')) } };
    await expect(answerReport(failing, aCall({ body: FIXTURE }))).rejects.toThrow(Fault);
  });
});
