// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${name} is how the templates of repository rules are written
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePath, printPath } from '#wire/network-file/problem.ts';
import { LARGEST_FILE_BYTES, printProblems, readNetworkFile } from '#wire/network-file/read-network-file.ts';
import { loadNetworkFile } from '../../../agent/network/load-network-file.ts';
import { bytesOf, fixture, type Json, MINIMAL, messagesAfter, problemsOf, read, set } from './reading.ts';

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
      'a list where names are given to values',
      (file) => set(file, { aliases: ['x'] }),
      ['aliases: expected a mapping, found a list'],
    ],
    [
      'a name that would be lost on the way',
      (file) => set(file, { aliases: { constructor: 'tools', prototype: 'tools', toString: 'tools' } }),
      [
        'aliases.constructor: the key `constructor` cannot be used here',
        'aliases.prototype: the key `prototype` cannot be used here',
      ],
    ],
    [
      'a word that is no text, whatever it says it is',
      (file) => set(file, { policies: { access: { siteCreation: { toString: 1 } } } }),
      ['policies.access.siteCreation: Object is not one of anyone, administrators'],
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
      'client netblocks that nobody comes from',
      (file) => set(file['hosts']![0], { netblocks: ['10.1.0.0/16', 'fd00::/8', '100.64.0.0/10', '192.0.2.0/24', '8.0.0.0/5'] }),
      [
        'hosts[0].netblocks[0]: 10.1.0.0/16 is a private range, and nobody comes from there to a public host; a host for its own clients only is `private`',
        'hosts[0].netblocks[1]: fd00::/8 is a uniqueLocal range, and nobody comes from there to a public host; a host for its own clients only is `private`',
        'hosts[0].netblocks[2]: 100.64.0.0/10 is a carrierGradeNat range, and nobody comes from there to a public host; a host for its own clients only is `private`',
      ],
    ],
    [
      'a rule of draining that another one decides before',
      (file) =>
        set(file, {
          policies: { drain: { groups: [{ scope: 'region' }, { scope: 'region', categories: ['tools', 'tolls'] }] } },
        }),
      [
        'policies.drain.groups[1]: policies.drain.groups[0] decides before this rule',
        'policies.drain.groups[1].categories[1]: there is no category "tolls", did you mean `tools`?',
      ],
    ],
    [
      'contacts that reach nobody',
      (file) => set(file['hosts']![0], { contacts: ['the admin', 'ftp://x.example.org', 'https://a:b@x.example.org'], tier: 4 }),
      [
        ...[0, 1, 2].map((at) => `hosts[0].contacts[${at}]: must be an e-mail address or an http or https URL`),
        'hosts[0].tier: must be a whole number, 1 to 3',
      ],
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
    expect(readNetworkFile(bytes, (path) => path)).toEqual({
      kind: 'invalid',
      problems: [{ line: 2, column: 1, path: '', message: 'this line is not UTF-8', sourceLine: '' }],
    });
  });

  test('a file above the limit is refused before it is read', () => {
    const loaded = readNetworkFile(new Uint8Array(LARGEST_FILE_BYTES + 1), (path) => path);
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

describe('a place in a file that is valid', () => {
  test('is found for what others find wrong with it later on', () => {
    const loaded = read(MINIMAL);
    if (loaded.kind !== 'ok') throw new Error('not valid');
    const place = loaded.problemAt(['hosts', 0, 'carries', 0, 'urls', 0], 'is taken');
    expect(printProblems('n.yaml', [place])).toBe(
      'n.yaml:10:16  hosts[0].carries[0].urls[0]: is taken\n            urls: [https://mirror.example.org/tools/]\n                   ^\n',
    );
    expect(loaded.problemAt(['hosts', 0, 'bandwidth'], 'too much')).toMatchObject({ line: 6, path: 'hosts[0].bandwidth' });
  });

  test('is printed and read as the same path', () => {
    const step = fc.oneof(fc.string(), fc.nat(), fc.constantFrom('a', 'a b', '__proto__', '0', '"', '\\'));
    fc.assert(
      fc.property(fc.array(step), (path) => {
        expect(parsePath(printPath(path))).toEqual(path);
      }),
    );
    expect(['a[', 'a[-1]', 'a..b', '["\\x"]', 'é'].map(parsePath)).toEqual(Array.from({ length: 5 }, () => undefined));
  });
});
