import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Facts, HeadSeen, Observation, ProtocolHealth } from '#domain/crawl/observation.ts';
import type { Host, Inventory } from '#domain/inventory/inventory.ts';
import type { Manifest } from '#domain/master/manifest.ts';
import { assembleSnapshot } from '#domain/snapshot/assemble.ts';
import type { SnapshotDocument, Standings } from '#domain/snapshot/document.ts';
import {
  aCarriage,
  aCategory,
  aChangedManifest,
  aHead,
  aHost,
  aManifest,
  anInventory,
  DAY,
  HOUR,
  START,
} from '../../support/a-network.ts';

const ALPHA = 'alpha/os/repodata/repomd.xml';
const BETA = 'beta/os/repodata/repomd.xml';
const digest = (state: string): HeadSeen => ({ kind: 'digest', sha256: aHead(state).hashes.sha256 });
const NOW = START + HOUR;

const healthy = (host: string, changed: Partial<ProtocolHealth> = {}): ProtocolHealth => ({
  protocol: 'http',
  state: 'ok',
  sinceMs: START,
  consecutiveFailures: 0,
  consecutiveSuccesses: 1,
  lastOkMs: START,
  evidence: { atMs: START, url: `http://${host}.example.org/pub/x`, text: 'HTTP 200' },
  ...changed,
});

const observed = (host: string, facts: string | undefined, changed: Partial<Observation> = {}): Observation => ({
  host,
  category: 'linux',
  generation: 2,
  facts,
  health: [healthy(host)],
  checkedMs: { reach: START, heads: START, sample: START },
  unproven: 0,
  behind: 0,
  notBeforeMs: 0,
  evidence: [],
  ...changed,
});

const facts = (alpha: HeadSeen | undefined, beta: HeadSeen | undefined, excluded: readonly number[] = []): Facts => ({
  category: 'linux',
  heads: { ...(alpha && { [ALPHA]: alpha }), ...(beta && { [BETA]: beta }) },
  excluded,
});

const FACTS = new Map<string, Facts>([
  ['current', facts(digest('alpha-2'), digest('beta-1'))],
  ['lossy', facts(digest('alpha-2'), digest('beta-1'), [6, 7])],
  ['behind', facts(digest('alpha-1'), digest('beta-1'), [2, 3])],
  ['lying', facts(digest('forged'), digest('beta-1'))],
  ['partly', facts(undefined, { kind: 'absent' }, [2, 3, 4, 5, 6])],
  ['empty', facts({ kind: 'absent' }, { kind: 'absent' }, [1, 2, 3, 4, 5, 6, 7, 8])],
]);

const assemble = (
  hosts: readonly Host[],
  observations: readonly Observation[],
  { manifest = aChangedManifest(), nowMs = NOW, inventory = {} as Partial<Inventory> } = {},
): SnapshotDocument => assembleSnapshot(anInventory(hosts, inventory), [manifest], observations, FACTS, nowMs);

type Named = Readonly<Record<keyof Standings, readonly string[]>>;
const named = (document: SnapshotDocument, index: number | undefined): Named => {
  const entry = document.standings[index ?? -1];
  const names = (list: readonly number[]) =>
    list.map((carrier) => document.hosts[document.carriers[carrier]?.host ?? -1]?.id ?? '?');
  return Object.fromEntries(Object.entries(entry ?? {}).map(([key, list]) => [key, names(list)])) as unknown as Named;
};
const NOBODY: Named = { current: [], alternate: [], stale: [], absent: [], unproven: [] };
const repository = (document: SnapshotDocument, repo: string) => document.repositories.find((found) => found.repo === repo);
const directory = (document: SnapshotDocument, path: string) =>
  named(document, document.directories.find((found) => found.path === `pub/linux/${path}`)?.standings);

const KINDS = ['current', 'lossy', 'behind', 'lying', 'partly'];
const everyKind = KINDS.map((id) => aHost(id));
const everySight = KINDS.map((id) => observed(id, id));

describe('assembling a snapshot', () => {
  it('places every carrier of a repository by the head it serves', () => {
    const document = assemble(everyKind, everySight);
    expect(named(document, repository(document, 'alpha')?.standings)).toEqual({
      ...NOBODY,
      current: ['current', 'lossy'],
      alternate: ['behind'],
      stale: ['lying'],
      unproven: ['partly'],
    });
    expect(repository(document, 'alpha')?.heads.map(({ hashes }) => hashes.sha256)).toEqual([
      aHead('alpha-2').hashes.sha256,
      aHead('alpha-1').hashes.sha256,
    ]);
  });

  it('publishes the head that mirrors hold before the new one, until one of them has that', () => {
    const shas = (document: SnapshotDocument) => repository(document, 'alpha')?.heads.map(({ hashes }) => hashes.sha256);
    const hosts = [aHost('behind'), aHost('current')];
    const pushed = assemble(hosts, [observed('behind', 'behind')]);
    expect(named(pushed, repository(pushed, 'alpha')?.standings)).toEqual({ ...NOBODY, alternate: ['behind'] });
    expect(shas(pushed)).toEqual([aHead('alpha-1').hashes.sha256, aHead('alpha-2').hashes.sha256]);
    const followed = assemble(hosts, [observed('behind', 'behind'), observed('current', 'current')]);
    expect(shas(followed)).toEqual([aHead('alpha-2').hashes.sha256, aHead('alpha-1').hashes.sha256]);
  });

  it('takes out of a directory who was found to differ there', () => {
    const document = assemble(everyKind, everySight);
    expect(directory(document, 'beta/os/Packages')).toEqual({
      ...NOBODY,
      current: ['behind', 'current', 'lying'],
      absent: ['partly'],
      unproven: ['lossy'],
    });
    expect(directory(document, 'iso')).toEqual({
      ...NOBODY,
      current: ['behind', 'current', 'lying', 'partly'],
      unproven: ['lossy'],
    });
  });

  it('keeps an earlier state of a changed directory as alternate, but not an older loss', () => {
    const document = assemble([aHost('behind'), aHost('worse')], [observed('behind', 'behind'), observed('worse', 'worse')]);
    expect(directory(document, 'alpha/os/Packages').alternate).toEqual(['behind']);
    FACTS.set('worse', facts(digest('alpha-1'), digest('beta-1'), [1, 2, 3]));
    const lossy = assemble([aHost('worse')], [observed('worse', 'worse')]);
    expect(directory(lossy, 'alpha/os').unproven).toEqual(['worse']);
    FACTS.delete('worse');
  });

  it('does not believe a loose directory that changed since the host was compared', () => {
    const before = aChangedManifest();
    const directories = before.directories.map((found) => (found.path === 'iso' ? { ...found, changedIn: 3 } : found));
    const document = assemble([aHost('current')], [observed('current', 'current')], {
      manifest: { ...before, generation: 3, directories },
    });
    expect(directory(document, 'iso').unproven).toEqual(['current']);
    expect(directory(document, 'doc').current).toEqual(['current']);
  });

  it('says why a carrier is not offered, and puts it nowhere', () => {
    const hosts = [
      aHost('off', { ownerActive: false }),
      aHost('banned', { adminActive: false, ownerActive: false }),
      aHost('new'),
      aHost('down'),
      aHost('forgotten'),
      aHost('empty'),
      aHost('unproved', { pending: true }),
    ];
    const document = assemble(hosts, [
      observed('unproved', 'current'),
      observed('off', 'current'),
      observed('banned', 'current'),
      observed('down', 'current', { health: [healthy('down', { state: 'down' })] }),
      observed('forgotten', 'current', { health: [healthy('forgotten', { lastOkMs: START - 30 * DAY })] }),
      observed('empty', 'empty'),
    ]);
    expect(document.carriers.map(({ host, state }) => [document.hosts[host]?.id, state])).toEqual([
      ['banned', 'switched-off-by-admin'],
      ['down', 'down'],
      ['empty', 'differs-everywhere'],
      ['forgotten', 'facts-too-old'],
      ['new', 'never-verified'],
      ['off', 'switched-off-by-owner'],
      ['unproved', 'pending'],
    ]);
    expect(named(document, repository(document, 'alpha')?.standings)).toEqual(NOBODY);
  });

  it('offers a host that is declared always current everywhere, while it answers', () => {
    const hosts = [aHost('cdn', { carries: [aCarriage('cdn', { alwaysCurrent: true })] })];
    const up = assemble(hosts, [observed('cdn', undefined, { generation: 0 })]);
    expect([directory(up, 'iso').current, directory(up, 'alpha/os').current]).toEqual([['cdn'], ['cdn']]);
    const down = assemble(hosts, [observed('cdn', undefined, { health: [healthy('cdn', { state: 'down' })] })]);
    expect(directory(down, 'iso')).toEqual(NOBODY);
  });

  it('keeps the least stale head of a repository while nobody has a better one', () => {
    const strict = { inventory: { categories: [aCategory({ alternates: { propagationMs: 0, staleMs: 0 } })] } };
    const document = assemble([aHost('behind')], [observed('behind', 'behind')], strict);
    expect(named(document, repository(document, 'alpha')?.standings)).toEqual({ ...NOBODY, alternate: ['behind'] });
    expect(repository(document, 'alpha')?.heads).toHaveLength(2);
    const sights = [observed('behind', 'behind'), observed('current', 'current')];
    const better = assemble([aHost('behind'), aHost('current')], sights, strict);
    expect(named(better, repository(better, 'alpha')?.standings)).toEqual({ ...NOBODY, current: ['current'], stale: ['behind'] });
    expect(repository(better, 'alpha')?.heads).toHaveLength(1);
  });

  it('never keeps a host whose head no scan has seen', () => {
    const document = assemble([aHost('lying')], [observed('lying', 'lying')]);
    expect(named(document, repository(document, 'alpha')?.standings)).toEqual({ ...NOBODY, stale: ['lying'] });
  });

  it('leaves out what the master hides', () => {
    const before = aManifest();
    const directories = before.directories.map((found) => (found.path === 'iso' ? { ...found, readable: false } : found));
    const document = assemble([aHost('current')], [observed('current', 'current')], { manifest: { ...before, directories } });
    expect(document.directories.map(({ path }) => path)).not.toContain('pub/linux/iso');
  });

  const anySight = fc.record({
    name: fc.constantFrom(...FACTS.keys(), undefined),
    state: fc.constantFrom('ok' as const, 'down' as const, 'unknown' as const),
    generation: fc.constantFrom(0, 1, 2),
    ownerActive: fc.boolean(),
    alwaysCurrent: fc.boolean(),
    seen: fc.boolean(),
  });
  const anyNetwork = fc.array(anySight, { minLength: 1, maxLength: 8 }).map((sights) => ({
    hosts: sights.map(({ ownerActive, alwaysCurrent }, index) =>
      aHost(`m${index}`, { ownerActive, carries: [aCarriage(`m${index}`, { alwaysCurrent })] }),
    ),
    observations: sights.flatMap(({ seen, name, state, generation }, index) =>
      seen ? [observed(`m${index}`, name, { generation, health: [healthy(`m${index}`, { state })] })] : [],
    ),
  }));
  const shuffled = <T>(items: readonly T[]) => fc.shuffledSubarray([...items], { minLength: items.length });

  it('does not depend on the order of its inputs', () => {
    fc.assert(
      fc.property(
        anyNetwork.chain(({ hosts, observations }) =>
          fc.tuple(fc.constant({ hosts, observations }), shuffled(hosts), shuffled(observations)),
        ),
        ([{ hosts, observations }, otherHosts, otherObservations]) => {
          expect(assemble(otherHosts, otherObservations)).toEqual(assemble(hosts, observations));
        },
      ),
    );
  });

  it('puts every serving carrier into each directory and repository exactly once, and no other carrier anywhere', () => {
    fc.assert(
      fc.property(anyNetwork, ({ hosts, observations }) => {
        const document = assemble(hosts, observations);
        const serving = document.carriers.flatMap(({ state }, index) => (state === 'serving' ? [index] : []));
        for (const { standings } of [...document.directories, ...document.repositories]) {
          const entry = document.standings[standings];
          const placed = entry && [...entry.current, ...entry.alternate, ...entry.stale, ...entry.absent, ...entry.unproven];
          expect(placed?.toSorted((a, b) => a - b)).toEqual(serving);
        }
      }),
    );
  });

  it('never calls a carrier current without a newest head or a comparison', () => {
    fc.assert(
      fc.property(anyNetwork, fc.constantFrom<Manifest>(aManifest(), aChangedManifest()), ({ hosts, observations }, manifest) => {
        const document = assemble(hosts, observations, { manifest });
        const alpha = manifest.repositories[0]?.heads[0]?.hashes.sha256;
        for (const name of named(document, repository(document, 'alpha')?.standings).current) {
          const carriage = hosts.find(({ id }) => id === name)?.carries[0];
          const seen = FACTS.get(observations.find(({ host }) => host === name)?.facts ?? '')?.heads[ALPHA];
          expect(carriage?.alwaysCurrent === true || (seen?.kind === 'digest' && seen.sha256 === alpha)).toBe(true);
        }
      }),
    );
  });
});
