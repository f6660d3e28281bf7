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

const volume = (more: object) => ({ volumes: [{ id: 'a', type: 'rpm', ...more }] });
const upstream = (type: string, more: object) => volume({ type, upstream: more });
const proxy = (more: object) => ({ proxies: [{ id: 'a', type: 'files', upstream: 'https://x.example.org', ...more }] });
const RSYNC = 'rsync://x.example.org/m';
const FILES = 'https://x.example.org/m';
const DOMAIN = 'must be a DNS name like `example.org`, of at most 180 characters';
const LABEL = 'must be letters, digits and `-`: it is a part of a DNS name';
const LONG = 'x'.repeat(40);

describe('a bad value is named with its field', () => {
  test.each<[string, unknown, readonly string[]]>([
    ['no name', { domain: 'example..org' }, [`content.domain: ${DOMAIN}`]],
    ['an address', { domain: '192.0.2.1' }, [`content.domain: ${DOMAIN}`]],
    ['a long name', { domain: `${'x.'.repeat(90)}org` }, [`content.domain: ${DOMAIN}`]],
    [
      'a place that is no part of a name',
      { domain: 'x.org', places: [{ region: 'a.b', provider: '-c' }] },
      [`content.places[0].region: ${LABEL}`, `content.places[0].provider: ${LABEL}`],
    ],
    [
      'a place whose name is too long',
      { domain: 'x.org', places: [{ region: LONG, provider: LONG }] },
      [`content.places[0]: its name mirror-${LONG}-${LONG} is longer than 63 characters`],
    ],
    [
      'places of one name',
      {
        domain: 'x.org',
        places: [
          { region: 'a-b', provider: 'c' },
          { region: 'a', provider: 'b-c' },
        ],
      },
      ['content.places[1]: a place of this name is already at content.places[0]'],
    ],
    [
      'places without a domain',
      { places: [{ region: 'a', provider: 'b' }] },
      ['content.places: need the key `domain`, below which their names are'],
    ],
    ['a volume of nothing', { volumes: [{ id: 'a' }] }, ['content.volumes[0]: the key `type` is missing']],
    ['no mount', volume({ mount: '/' }), ['content.volumes[0].mount: a path is not empty']],
    ['a mount that climbs', volume({ mount: 'a/../b' }), ['content.volumes[0].mount: a path has no . or .. in it']],
    ['a mount of a release', volume({ mount: 'a@1' }), ['content.volumes[0].mount: a mount has no @, which names a release']],
    [
      'a mount that means something else',
      volume({ mount: 'api/x' }),
      ['content.volumes[0].mount: /api has another meaning here'],
    ],
    ['an id that does', volume({ id: 'metalink' }), ['content.volumes[0].id: /metalink has another meaning here']],
    ['a mount that is no text', volume({ mount: 5 }), ['content.volumes[0].mount: expected a text, found a number']],
    [
      'one id of a volume and a proxy volume, and so one mount',
      { ...volume({}), ...proxy({}) },
      ['content.proxies[0].id: this id is already at content.volumes[0].id'],
    ],
    [
      'mounts that machines cannot tell apart',
      { ...volume({ mount: 'x/y' }), ...proxy({ id: 'b', mount: 'x-y' }) },
      ['content.proxies[0].mount: differs from the mount of a in punctuation or case only'],
    ],
    [
      'one mount of both',
      { ...volume({}), ...proxy({ id: 'b', mount: 'a/b' }) },
      ['content.proxies[0].mount: is at or below the mount of a'],
    ],
    ['nothing to go back to', volume({ retain: 0 }), ['content.volumes[0].retain: must be a whole number, 1 to 1000']],
    ['a share', volume({ maximumShrinkShare: 20 }), ['content.volumes[0].maximumShrinkShare: must be a share, 0 to 1']],
    ['growth', volume({ maximumGrowthShare: -1 }), ['content.volumes[0].maximumGrowthShare: must be a share, 0 to 1000']],
    [
      'a group of no name',
      volume({ roles: { operators: ['group:'] } }),
      ['content.volumes[0].roles.operators[0]: names no group; write `group:NAME`'],
    ],
    [
      'rsync without files',
      upstream('rpm', { url: RSYNC }),
      ['content.volumes[0].upstream: with rsync the key `files` is needed'],
    ],
    [
      'files beside http',
      upstream('rpm', { url: FILES, files: FILES }),
      ['content.volumes[0].upstream.files: goes with rsync only'],
    ],
    [
      'apt over http without suites',
      upstream('apt', { url: FILES }),
      ['content.volumes[0].upstream: with `apt` over http(s) the key `suites` is needed'],
    ],
    [
      'suites of what has none',
      upstream('rpm', { url: FILES, suites: ['noble'] }),
      ['content.volumes[0].upstream.suites: goes with `apt` over http(s) only'],
    ],
    [
      'projects where all is copied',
      upstream('pypi', { url: RSYNC, files: FILES, projects: ['x'] }),
      ['content.volumes[0].upstream.projects: goes with `pypi` and `wheel` over http(s) only'],
    ],
    [
      'a project that is none',
      upstream('pypi', { url: FILES, projects: ['../x'] }),
      [
        'content.volumes[0].upstream.projects[0]: must be the name of a Python project: letters, digits, and `-`, `_` or `.` inside',
      ],
    ],
    [
      'another kind than the URL says',
      upstream('rpm', { url: FILES, kind: 'rsync' }),
      ['content.volumes[0].upstream.kind: is not what `url` begins with, which is http'],
    ],
    [
      'an upstream of another world, and nothing that would follow from it',
      upstream('apt', { url: 'ftp://x.example.org', files: FILES }),
      ['content.volumes[0].upstream.url: FTP is not supported: clients stopped speaking it; write http://, https://, rsync://'],
    ],
    [
      'an expression that excludes everything',
      upstream('rpm', { url: FILES, excludes: [''] }),
      ['content.volumes[0].upstream.excludes[0]: must not be empty'],
    ],
    ['too often', upstream('rpm', { url: FILES, every: '4m' }), ['content.volumes[0].upstream.every: must be 5m to 30d']],
    [
      'an address inside, and a port of it',
      proxy({ type: 'pypi', upstream: 'http://10.0.0.1/x', fileHosts: ['https://x.example.org:8443/'] }),
      [
        'content.proxies[0].upstream: 10.0.0.1 is not a public address (private); if that is meant, put it into policies.crawl.allowedAddresses',
        'content.proxies[0].fileHosts[0]: port 8443 is not allowed; if that is meant, put it into policies.crawl.allowedPorts',
      ],
    ],
    ['rsync for a proxy', proxy({ upstream: RSYNC }), ['content.proxies[0].upstream: must begin with http://, https://']],
    ...['/simple', '/root/simple//'].map((end): [string, unknown, readonly string[]] => [
      `an index for what it is below: ${end}`,
      proxy({ type: 'pypi', upstream: `https://x.example.org${end}` }),
      ['content.proxies[0].upstream: names the pages themselves; write what is above `simple`'],
    ]),
    [
      'hosts of files where no page is read',
      proxy({ fileHosts: [FILES] }),
      ['content.proxies[0].fileHosts: goes with `pypi` only'],
    ],
    [
      'an expression that takes forever',
      proxy({ immutable: ['(a+)+'] }),
      [
        'content.proxies[0].immutable[0]: the group before `+` is repeated and holds a repetition or an alternative itself, which can take forever',
      ],
    ],
    ['what no object can hold', proxy({ maximum: '6 GiB' }), ['content.proxies[0].maximum: must be 1 kB to 5 GiB']],
    ['an unknown key', proxy({ freshness: '1m' }), ['content.proxies[0].freshness: unknown key `freshness`']],
  ])('%s', (_what, content, messages) => {
    expect(problemsOf(content)).toEqual(messages);
  });
});
