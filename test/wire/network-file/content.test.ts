import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ContentRules, ProxyVolume } from '#domain/content/content-rules.ts';
import { resolveMount } from '#domain/content/mounts.ts';
import { defaultImmutable } from '#domain/content/proxy-defaults.ts';
import type { Volume } from '#domain/volume/volume.ts';
import { printSize } from '#wire/network-file/scalars.ts';
import { inventoryAfter, type Json, messagesAfter, set } from './reading.ts';

/** What the section `content:` of a network file comes to. */
const rulesOf = (content: unknown): ContentRules | undefined => inventoryAfter((file) => set(file, { content })).content;
const problemsOf = (content: unknown): readonly string[] => messagesAfter((file) => set(file, { content }));

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const GIB = 1024 ** 3;

const aVolume = (id: string, more: Partial<Volume> = {}): Volume => ({
  id,
  mount: id,
  type: 'rpm',
  maximumShrinkShare: 0.2,
  retain: 10,
  graceMs: 2 * DAY,
  ...more,
});

const aProxy = (id: string, upstream: string, more: Partial<ProxyVolume> = {}): ProxyVolume => ({
  id,
  mount: id,
  type: 'files',
  upstream,
  fileHosts: [],
  immutable: defaultImmutable(more.type ?? 'files'),
  freshMs: 10 * MINUTE,
  staleMs: 7 * DAY,
  maximumBytes: GIB,
  ...more,
});

describe('the section', () => {
  test('may be absent, and then nothing is served; empty, it is this', () => {
    expect(inventoryAfter(() => undefined)).not.toHaveProperty('content');
    const nothing = { names: { domain: undefined, places: [] }, volumes: [], proxies: [] };
    expect(rulesOf({})).toStrictEqual(nothing);
    expect(rulesOf({ places: [], volumes: [], proxies: [] })).toStrictEqual(nothing);
  });

  test('has these defaults', () => {
    expect(
      rulesOf({
        volumes: [
          { id: 'a', type: 'rpm' },
          {
            id: 'b',
            type: 'rpm',
            roles: {},
            upstream: { url: 'rsync://x.example.org/m', files: 'https://x.example.org/m' },
          },
        ],
        proxies: [
          { id: 'c', type: 'files', upstream: 'https://x.example.org' },
          { id: 'pypi', type: 'pypi', upstream: 'https://pypi.org/' },
        ],
      }),
    ).toStrictEqual({
      names: { domain: undefined, places: [] },
      volumes: [
        aVolume('a'),
        aVolume('b', {
          roles: { publishers: [], releasers: [], operators: [] },
          upstream: {
            kind: 'rsync',
            url: 'rsync://x.example.org/m',
            filesUrl: 'https://x.example.org/m',
            excludes: [],
            everyMs: 6 * HOUR,
            release: true,
          },
        }),
      ],
      proxies: [
        aProxy('c', 'https://x.example.org'),
        aProxy('pypi', 'https://pypi.org', { type: 'pypi', fileHosts: ['https://files.pythonhosted.org'] }),
      ],
    });
  });

  test('with everything in it says this', () => {
    expect(
      rulesOf({
        domain: 'Example.ORG',
        places: [{ region: 'DFW', provider: 'Rackspace' }],
        volumes: [
          {
            id: 'ubuntu',
            mount: '/mirrors/ubuntu/',
            type: 'apt',
            quota: '900 GiB',
            maximumShrinkShare: 1,
            maximumGrowthShare: 2.5,
            retain: 1,
            grace: '36h',
            roles: { publishers: ['ann', 'group:ci', 'ann'], releasers: ['group:ci'], operators: ['olga'] },
            upstream: {
              url: 'HTTPS://Archive.example.org:443/ubuntu/',
              kind: 'http',
              suites: ['/noble/', 'noble', 'noble-updates'],
              excludes: ['.*\\.tmp', '.*\\.tmp'],
              every: '5m',
              release: false,
            },
            comment: 'looked at first',
          },
          {
            id: 'python',
            type: 'pypi',
            upstream: { url: 'https://pypi.org/simple', projects: ['Foo_Bar', 'foo-bar', 'zope.interface'] },
          },
        ],
        proxies: [
          {
            id: 'inner',
            mount: 'proxies/inner',
            type: 'pypi',
            upstream: 'https://index.example.org/root/',
            fileHosts: ['https://FILES.example.org/', 'https://files.example.org'],
            immutable: ['x/.*', 'x/.*'],
            fresh: '0s',
            stale: '30d',
            maximum: 5000,
            comment: 'of the lab',
          },
        ],
      }),
    ).toStrictEqual({
      names: { domain: 'example.org', places: [{ region: 'dfw', provider: 'rackspace' }] },
      volumes: [
        aVolume('ubuntu', {
          mount: 'mirrors/ubuntu',
          type: 'apt',
          quotaBytes: 900 * GIB,
          maximumShrinkShare: 1,
          maximumGrowthShare: 2.5,
          retain: 1,
          graceMs: 36 * HOUR,
          roles: { publishers: ['ann', 'group:ci'], releasers: ['group:ci'], operators: ['olga'] },
          upstream: {
            kind: 'http',
            url: 'https://archive.example.org/ubuntu',
            suites: ['noble', 'noble-updates'],
            excludes: ['.*\\.tmp'],
            everyMs: 5 * MINUTE,
            release: false,
          },
          comment: 'looked at first',
        }),
        aVolume('python', {
          type: 'pypi',
          upstream: {
            kind: 'http',
            url: 'https://pypi.org/simple',
            projects: ['foo-bar', 'zope-interface'],
            excludes: [],
            everyMs: 6 * HOUR,
            release: true,
          },
        }),
      ],
      proxies: [
        aProxy('inner', 'https://index.example.org/root', {
          mount: 'proxies/inner',
          type: 'pypi',
          fileHosts: ['https://files.example.org'],
          immutable: ['x/.*'],
          freshMs: 0,
          staleMs: 30 * DAY,
          maximumBytes: 5000,
          comment: 'of the lab',
        }),
      ],
    });
  });

  test('is enough of a network, without categories and hosts; no network is for nothing', () => {
    const without = (more: object) => (file: Json) => {
      for (const key of ['categories', 'hosts']) delete (file as { [key: string]: unknown })[key];
      set(file, more);
    };
    const { categories, hosts, sites } = inventoryAfter(without({ content: { volumes: [{ id: 'a', type: 'rpm' }] } }));
    expect([categories, hosts, sites]).toEqual([[], [], []]);
    expect(messagesAfter(without({}))).toEqual([': the key `categories` is missing']);
    expect(messagesAfter(without({ categories: [] }))).toEqual(['categories: needs at least 1 entry, unless there is `content`']);
  });
});

describe('a size', () => {
  const quotaOf = (quota: unknown) => rulesOf({ volumes: [{ id: 'a', type: 'rpm', quota }] })?.volumes[0]?.quotaBytes;

  test.each([
    [1000, 1000],
    ['1000 B', 1000],
    ['7 kB', 7000],
    ['7KiB', 7168],
    ['500 MB', 500_000_000],
    ['3 MiB', 3 * 1024 ** 2],
    ['2 GB', 2_000_000_000],
    ['200 GiB', 200 * GIB],
    ['1 TB', 1e12],
    ['1000 TiB', 1000 * 1024 ** 4],
  ])('%j is %i bytes', (quota, bytes) => {
    expect(quotaOf(quota)).toBe(bytes);
  });

  test.each(['1.5 GiB', '200', '200 gib', '200  GiB', '200 GiB ', '-1 kB', '1 iB', '1 KB', '', 1.5, Number.POSITIVE_INFINITY])(
    '%j is none',
    (quota) => {
      expect(problemsOf({ volumes: [{ id: 'a', type: 'rpm', quota }] })).toEqual([
        'content.volumes[0].quota: must be a size like `500 MB` or `200 GiB`, or a number of bytes',
      ]);
    },
  );

  test.each([999, '1 B', -5, '1001 TiB', 1e300])('%j is too small or too large', (quota) => {
    expect(problemsOf({ volumes: [{ id: 'a', type: 'rpm', quota }] })).toEqual([
      'content.volumes[0].quota: must be 1 kB to 1000 TiB',
    ]);
  });

  test('is printed as what it is read as', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 1000 * 1024 ** 4 }), fc.constantFrom(1, 1000, 1024 ** 2), (count, unit) => {
        const bytes = Math.max(1000, count - (count % unit));
        expect(quotaOf(printSize(bytes))).toBe(bytes);
      }),
      { numRuns: 40 },
    );
    expect([1500, 2048, 1_500_000_000, 1024 ** 4].map(printSize)).toEqual(['1500 B', '2 KiB', '1500 MB', '1 TiB']);
  });
});

describe('mounts', () => {
  const segment = fc.constantFrom('a', 'b', 'ab', 'ba');
  const mount = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join('/'));
  const sectionOf = (mounts: readonly string[], volumes: number) => {
    const all = mounts.map((one, at) => ({ id: `v${at}`, mount: one }));
    return {
      volumes: all.slice(0, volumes).map((one) => ({ ...one, type: 'files' })),
      proxies: all.slice(volumes).map((one) => ({ ...one, type: 'files', upstream: 'https://x.example.org' })),
    };
  };

  test('of volumes and proxy volumes are good exactly when each path below one of them is in it alone', () => {
    fc.assert(
      fc.property(fc.array(mount, { minLength: 1, maxLength: 4 }), fc.nat({ max: 4 }), (mounts, volumes) => {
        const overlaps = mounts.some((one, at) =>
          mounts.some((other, otherAt) => at !== otherAt && `${one}/`.startsWith(`${other}/`)),
        );
        const section = sectionOf(mounts, volumes);
        expect(problemsOf(section).length > 0).toBe(overlaps);
        if (overlaps) return;
        const rules = rulesOf(section);
        const mounted = [...(rules?.volumes ?? []), ...(rules?.proxies ?? [])];
        for (const { id, mount: path } of mounted) expect(resolveMount(mounted, `/${path}/x`)?.volume).toBe(id);
      }),
    );
  });
});
