// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${name} is how the templates of repository rules are written
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { LARGEST_FILE_BYTES, loadNetworkFile, printProblems, readNetworkFile } from '../../../local/network-file.ts';

const fixture = (name: string): string => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (text: string) => readNetworkFile(bytesOf(text), '/srv/network');

/** `line:column path: message` of every problem. */
const problemsOf = (text: string): readonly string[] => {
  const loaded = read(text);
  if (loaded.kind === 'ok') return [];
  return loaded.problems.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`);
};

const MINIMAL = fixture('minimal.yaml');
type Json = { [key: string]: Json } & Json[];

/** Messages about the minimal file after a change, without positions. */
const messagesAfter = (change: (file: Json) => void): readonly string[] => {
  const file = parse(MINIMAL) as Json;
  change(file);
  return problemsOf(stringify(file)).map((one) => one.replace(/^\d+:\d+ /, ''));
};

const inventoryAfter = (change: (file: Json) => void) => {
  const file = parse(MINIMAL) as Json;
  change(file);
  const loaded = read(stringify(file));
  if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.problems));
  return loaded.inventory;
};

const set = (target: unknown, values: object): void => {
  Object.assign(target as object, values);
};

describe('a minimal file', () => {
  test('gets these defaults', () => {
    expect(read(MINIMAL)).toEqual({
      kind: 'ok',
      localClient: { country: undefined, asn: undefined, address: undefined },
      inventory: {
        settings: {
          name: 'Small',
          answer: { minimumHosts: 5, maximumHosts: 50, embargoedCountries: [] },
          crawl: {
            contact: 'admin@example.org',
            allowedAddresses: [],
            allowedPorts: [],
            requestsPerCheck: 500,
            connectionsPerHost: 2,
          },
          guard: { maximumShrinkShare: 0.2 },
          aliases: [],
          disabled: [],
          countryOverrides: [],
          continentOverrides: [],
        },
        sites: [{ id: 'mirror.example.org', name: 'mirror.example.org', private: false, ownerActive: true, adminActive: true }],
        categories: [
          {
            id: 'tools',
            topDirectory: 'tools',
            master: { kind: 'directory', path: '/srv/network/tree' },
            excludes: [],
            rules: [],
            alternates: { propagationMs: 3 * 86_400_000, staleMs: 4 * 86_400_000 },
            schedule: {
              scanMasterMs: 900_000,
              reachMs: 3_600_000,
              headsMs: 6 * 3_600_000,
              sampleMs: 86_400_000,
              fullMs: 7 * 86_400_000,
              probeAfterChangeMs: [300_000, 900_000, 2_700_000],
            },
          },
        ],
        hosts: [
          {
            id: 'mirror.example.org',
            site: 'mirror.example.org',
            country: 'DE',
            bandwidthMbps: 100,
            private: false,
            ownerActive: true,
            adminActive: true,
            asn: undefined,
            asnClients: true,
            peerAsns: [],
            netblocks: [],
            countriesAllowed: [],
            carries: [{ category: 'tools', urls: ['https://mirror.example.org/tools'], alwaysCurrent: false }],
          },
        ],
      },
    });
  });
});

describe('values', () => {
  test.each([
    [100, 100],
    ['500M', 500],
    ['10G', 10_000],
    ['100G', 100_000],
  ])('bandwidth %s is %d Mbit/s', (bandwidth, expected) => {
    expect(inventoryAfter((file) => set(file['hosts']![0], { bandwidth })).hosts[0]?.bandwidthMbps).toBe(expected);
  });

  test.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['192.0.2.7', '192.0.2.7/32'],
    ['2001:DB8:0:0::1/33', '2001:db8::/33'],
    ['2001:db8::1', '2001:db8::1/128'],
    ['198.51.100.255/25', '198.51.100.128/25'],
  ])('netblock %s is %s', (netblock, expected) => {
    expect(inventoryAfter((file) => set(file['hosts']![0], { netblocks: [netblock] })).hosts[0]?.netblocks).toEqual([expected]);
  });

  test.each([
    ['HTTPS://Mirror.Example.org:443/a//', 'https://mirror.example.org/a'],
    ['rsync://MIRROR.example.org:873/module/', 'rsync://mirror.example.org/module'],
    ['http://[2001:db9::A]/x', 'http://[2001:db9::a]/x'],
    ['https://mirror.example.org', 'https://mirror.example.org'],
  ])('URL %s is %s', (url, expected) => {
    expect(inventoryAfter((file) => set(file['hosts']![0]!['carries']![0], { urls: [url] })).hosts[0]?.carries[0]?.urls).toEqual([
      expected,
    ]);
  });

  test.each([
    [{ directory: '/abs/tree' }, { kind: 'directory', path: '/abs/tree' }],
    ['../tree', { kind: 'directory', path: '/srv/tree' }],
    [
      'https://m.example.org/x/fullfiletimelist-x',
      {
        kind: 'fullfiletimelist',
        listUrl: 'https://m.example.org/x/fullfiletimelist-x',
        stripPrefix: '',
        headsUrl: 'https://m.example.org/x',
      },
    ],
    [
      { fullfiletimelist: 'https://m.example.org/list', stripPrefix: 'a/b/', heads: 'https://h.example.org/' },
      { kind: 'fullfiletimelist', listUrl: 'https://m.example.org/list', stripPrefix: 'a/b', headsUrl: 'https://h.example.org' },
    ],
    [
      { rsync: 'rsync://m.example.org/x', heads: 'http://m.example.org/x' },
      { kind: 'rsync', url: 'rsync://m.example.org/x', headsUrl: 'http://m.example.org/x' },
    ],
    [
      { url: 'https://m.example.org/x', repositories: ['/a/', 'a', ''] },
      { kind: 'heads-only', url: 'https://m.example.org/x', repositories: ['a', ''] },
    ],
  ])('master %j is %j', (master, expected) => {
    expect(inventoryAfter((file) => set(file['categories']![0], { master })).categories[0]?.master).toEqual(expected);
  });

  test.each([
    [
      { match: '(?<arch>a)', repo: 'r' },
      { type: 'rpm', arch: '${arch}' },
    ],
    [
      { match: 'a', repo: 'r', type: 'apt' },
      { type: 'apt', arch: '' },
    ],
    [
      { match: 'a', repo: 'r', type: 'files' },
      { type: 'files', arch: 'noarch' },
    ],
    [
      { match: 'a', repo: 'r', arch: 'x', directory: '' },
      { type: 'rpm', arch: 'x', directory: '' },
    ],
  ])('rule %j gets %j', (rule, expected) => {
    const { categories } = inventoryAfter((file) => set(file['categories']![0], { rules: [rule] }));
    expect(categories[0]?.rules).toEqual([
      { kind: 'repository', match: rule.match, repo: 'r', directory: undefined, ...expected },
    ]);
  });

  test('a private address is fine when the file allows it, and so is a port', () => {
    const { hosts } = inventoryAfter((file) => {
      set(file, { policies: { crawl: { allowedAddresses: ['127.0.0.0/8'], allowedPorts: [8081] } } });
      set(file['hosts']![0]!['carries']![0], { urls: ['http://127.0.0.1:8081/x', 'http://localhost/x'] });
    });
    expect(hosts[0]?.carries[0]?.urls).toEqual(['http://127.0.0.1:8081/x', 'http://localhost/x']);
  });

  test('anchors and merged mappings are read', () => {
    const text = MINIMAL.replace('hosts:', 'hosts:\n  - &first').replace('\n  - id: mirror', '\n    id: mirror');
    const loaded = read(
      `${text}  - { <<: *first, id: b.example.org, carries: [{ category: tools, urls: ["https://b.example.org"] }] }\n`,
    );
    expect(loaded.kind === 'ok' && loaded.inventory.hosts.map(({ id, country }) => [id, country])).toEqual([
      ['mirror.example.org', 'DE'],
      ['b.example.org', 'DE'],
    ]);
  });
});

describe('problems', () => {
  test('all of a hopeless file are printed at once, with the lines they are in', async () => {
    const text = fixture('everything-wrong.yaml');
    const loaded = read(text);
    const printed = loaded.kind === 'ok' ? 'ok' : printProblems('network.yaml', loaded.problems);
    await expect(printed).toMatchFileSnapshot('./fixtures/everything-wrong.txt');
  });

  test.each<[string, (file: Json) => void, readonly string[]]>([
    [
      'a public answer smaller than its minimum',
      (file) => set(file, { policies: { answer: { minimumHosts: 0 } } }),
      ['policies.answer.minimumHosts: must be a whole number, 1 to 100'],
    ],
    [
      'a second carriage of one category',
      (file) =>
        set(file['hosts']![0], {
          carries: [
            { category: 'tools', urls: ['https://a.example.org'] },
            { category: 'tools', urls: ['https://b.example.org'] },
          ],
        }),
      ['hosts[0].carries[1].category: this category of the host is already at hosts[0].carries[0].category'],
    ],
    [
      'two categories in one place',
      (file) =>
        set(file, {
          categories: [
            { id: 'tools', master: './a' },
            { id: 'other', topDirectory: '/tools/', master: './b' },
          ],
        }),
      ['categories[1].topDirectory: this top directory is already at categories[0].id'],
    ],
    [
      'a path that climbs',
      (file) => set(file['categories']![0], { topDirectory: 'a/../b' }),
      ['categories[0].topDirectory: must be a path like `pub/fedora/linux`, without `.`, `..` and empty parts'],
    ],
    [
      'a master of two kinds',
      (file) => set(file['categories']![0], { master: { directory: 'a', url: 'https://x.example.org' } }),
      ['categories[0].master: a master needs exactly one of `directory`, `rsync`, `fullfiletimelist`, `url`'],
    ],
    [
      'an rsync master without heads',
      (file) => set(file['categories']![0], { master: { rsync: 'rsync://x.example.org/m' } }),
      ['categories[0].master: with `rsync` the key `heads` is needed'],
    ],
    [
      'a web server as if it could be listed',
      (file) => set(file['categories']![0], { master: 'https://x.example.org/tree' }),
      [
        'categories[0].master: needs the long form: `url:` with this URL, and `repositories:` with their directories, since a web server cannot be listed',
      ],
    ],
    [
      'an FTP master',
      (file) => set(file['categories']![0], { master: 'ftp://x.example.org/tree' }),
      ['categories[0].master: FTP is not supported: clients stopped speaking it; write http://, https://, rsync://'],
    ],
    [
      'a key of another kind of master',
      (file) => set(file['categories']![0], { master: { directory: 'a', heads: 'https://x.example.org' } }),
      ['categories[0].master.heads: does not go with `directory`'],
    ],
    [
      'a private master',
      (file) => set(file['categories']![0], { master: { url: 'http://[::1]/x', repositories: ['a'] } }),
      [
        'categories[0].master.url: ::1 is not a public address (loopback); if that is meant, put it into policies.crawl.allowedAddresses',
      ],
    ],
    [
      'other spellings of a private address',
      (file) => set(file['hosts']![0]!['carries']![0], { urls: ['http://0x7f.1/x', 'rsync://2130706433/x'] }),
      [
        'hosts[0].carries[0].urls[0]: 127.0.0.1 is not a public address (loopback); if that is meant, put it into policies.crawl.allowedAddresses',
        'hosts[0].carries[0].urls[1]: 127.0.0.1 is not a public address (loopback); if that is meant, put it into policies.crawl.allowedAddresses',
      ],
    ],
    [
      'an exclude that leaves nothing, though a rule may name the top',
      (file) => set(file['categories']![0], { excludes: [''], rules: [{ ignore: '' }] }),
      ['categories[0].excludes[0]: must not be empty'],
    ],
    [
      'a port of a master',
      (file) => set(file['categories']![0], { master: { url: 'http://x.example.org:81/x', repositories: ['a'] } }),
      ['categories[0].master.url: port 81 is not allowed; if that is meant, put it into policies.crawl.allowedPorts'],
    ],
    [
      'a query in a URL',
      (file) => set(file['hosts']![0]!['carries']![0], { urls: ['https://x.example.org/?a'] }),
      ['hosts[0].carries[0].urls[0]: must not have a query or a fragment: paths are appended to it'],
    ],
    [
      'an rsync URL without a module',
      (file) => set(file['hosts']![0]!['carries']![0], { urls: ['rsync://x.example.org/'] }),
      ['hosts[0].carries[0].urls[0]: names no rsync module; write rsync://host/module'],
    ],
    [
      'an rpm rule without architecture',
      (file) => set(file['categories']![0], { rules: [{ match: 'a', repo: 'r' }] }),
      ['categories[0].rules[0]: this rule needs `arch`, or a group `arch` in `match`'],
    ],
    [
      'a rule without a name',
      (file) => set(file['categories']![0], { rules: [{ match: '(?<arch>a)' }] }),
      ['categories[0].rules[0]: the key `repo` is missing'],
    ],
    [
      'a template in another language',
      (file) => set(file['categories']![0], { rules: [{ match: '(?<arch>a)', repo: 'r-$arch' }] }),
      ['categories[0].rules[0].repo: a `$` that is not `${group}`'],
    ],
    ['a version of the future', (file) => set(file, { version: 2 }), ['version: is not a version of this file; it must be 1']],
    [
      'a bad key of a map',
      (file) => set(file, { countryOverrides: { '1.2.3': 'DE' } }),
      ['countryOverrides["1.2.3"]: is not a netblock; write 192.0.2.0/24, 2001:db8::/32 or one address'],
    ],
    [
      'a port that is none',
      (file) => set(file, { policies: { crawl: { allowedPorts: [70_000] } } }),
      ['policies.crawl.allowedPorts[0]: must be a TCP port, 1 to 65535'],
    ],
    [
      '__proto__',
      (file) => Object.defineProperty(file, '__proto__', { value: 1, enumerable: true }),
      ['__proto__: unknown key `__proto__`'],
    ],
  ])('%s', (_, change, expected) => {
    expect(messagesAfter(change)).toEqual(expected);
  });

  test.each([
    ['', ['1:1 : the file is empty']],
    ['[]', ['1:1 : expected a mapping, found a list']],
    ['a: 1\na: 2\n', ['2:1 : this key stands twice in the mapping']],
    ['network:\n\tname: x\n', ['2:1 : tabs cannot indent YAML; use spaces']],
    ['a: 1\n---\nb: 2\n', ['2:1 : more than one YAML document in the file']],
    ['a: !!js/function x\n', ['1:4 : YAML tags are not used here']],
    ['a: *nobody\n', ['1:4 : there is no anchor `&nobody` before this alias']],
  ])('syntax: %j', (text, expected) => {
    const found = problemsOf(text);
    expect(found.slice(0, expected.length)).toEqual(expected);
  });

  test('a document that unfolds without end is refused', () => {
    const levels = 'bcdefghi'.split('').map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[at]}`).join(',')}]`);
    expect(problemsOf(`a: &a [1,1,1,1,1,1,1,1,1]\n${levels.join('\n')}\n`)).toEqual([
      '1:1 : aliases repeat too much of the document',
    ]);
  });

  test('a document nested deeper than any stack is refused', () => {
    // Where the stack ends depends on the machine.
    expect(problemsOf(`${'['.repeat(50_000)}${']'.repeat(50_000)}`)[0]).toMatch(/^1:\d+ : nested too deeply$/);
  });

  test('text that is not UTF-8 is refused with its line', () => {
    const bytes = Uint8Array.from([...bytesOf('a: ü\nb: '), 0xff, 0x0a]);
    expect(readNetworkFile(bytes, '/')).toEqual({
      kind: 'invalid',
      problems: [{ line: 2, column: 1, path: '', message: 'this line is not UTF-8', sourceLine: '' }],
    });
  });

  test('a file above the limit is refused before it is read', () => {
    const loaded = readNetworkFile(new Uint8Array(LARGEST_FILE_BYTES + 1), '/');
    expect(loaded.kind === 'invalid' && loaded.problems.map((one) => one.message)).toEqual(['larger than 16 MiB']);
  });

  test('a file that is not there is a problem, not a fault', async () => {
    const loaded = await loadNetworkFile('/nowhere/network.yaml');
    expect(loaded.kind === 'invalid' && printProblems('network.yaml', loaded.problems)).toBe(
      'network.yaml:1:1  there is no such file\n',
    );
  });

  test('a password in a refused URL is not repeated', () => {
    const loaded = read(MINIMAL.replace('https://mirror', 'https://me:secret@mirror'));
    const printed = loaded.kind === 'invalid' ? printProblems('f', loaded.problems) : '';
    expect(printed).toContain('must not hold a user name');
    expect(printed).not.toContain('secret');
  });

  test('hundreds of problems end in their number', () => {
    const found = problemsOf(`${MINIMAL}${Array.from({ length: 500 }, (_, at) => `x${at}: 1\n`).join('')}`);
    expect([found.length, found.at(-1)]).toEqual([201, '1:1 : and 300 more problems']);
  });
});

describe('garbage', () => {
  const isLocated = (text: string): void => {
    const loaded = read(text);
    if (loaded.kind === 'ok') return;
    const lines = text.split('\n').length;
    expect(loaded.problems.length).toBeGreaterThan(0);
    for (const { line, column, message } of loaded.problems) {
      expect(line >= 1 && line <= lines && column >= 1 && message.length > 0, JSON.stringify({ line, column, message })).toBe(
        true,
      );
    }
  };

  test('any JSON in place of any value gives problems with positions', () => {
    const base = parse(readFileSync(new URL('../../../examples/fedora.yaml', import.meta.url), 'utf8')) as Json;
    const paths = (value: unknown, at: readonly string[]): readonly (readonly string[])[] =>
      typeof value === 'object' && value !== null
        ? [at, ...Object.entries(value).flatMap(([key, one]) => paths(one, [...at, key]))]
        : [at];
    const all = paths(base, []).filter((path) => path.length > 0);
    fc.assert(
      fc.property(fc.constantFrom(...all), fc.jsonValue(), (path, value) => {
        const file = structuredClone(base);
        const parent = path.slice(0, -1).reduce<Json>((node, key) => node[key]!, file);
        Object.defineProperty(parent, path.at(-1)!, { value, enumerable: true, configurable: true, writable: true });
        isLocated(stringify(file));
      }),
      { numRuns: 150 },
    );
  });

  test('a file with pieces cut out, doubled or replaced gives problems with positions', () => {
    const text = readFileSync(new URL('../../../examples/pypi.yaml', import.meta.url), 'utf8');
    const edit = fc.record({
      at: fc.nat({ max: text.length }),
      length: fc.nat({ max: 40 }),
      insert: fc.string({ maxLength: 12 }),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        isLocated(edits.reduce((left, { at, length, insert }) => left.slice(0, at) + insert + left.slice(at + length), text));
      }),
      { numRuns: 200 },
    );
  });

  test('any text and any bytes give problems with positions', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), isLocated));
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(['ok', 'invalid']).toContain(readNetworkFile(bytes, '/').kind);
      }),
    );
  });
});
