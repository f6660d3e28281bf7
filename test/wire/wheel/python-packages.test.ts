import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { nodeDecompress } from '#adapters/node/node-decompress.ts';
import { nodeDigester } from '#adapters/node/node-digester.ts';
import type { Distribution } from '#domain/volume/python/simple-index.ts';
import { checkPythonPackages, type PythonCheck } from '#domain/volume/validate/python-packages.ts';
import { pythonDocuments } from '#wire/pypi/python-documents.ts';
import { type ValidatorOptions, volumeValidator } from '#wire/volume/volume-validator.ts';
import { buildWheel, type WheelPlan, wheelFileName } from '../../support/build-wheel.ts';
import { type Files, treeOfFiles } from '../../support/directory-tree.ts';
import { runProgram } from '../../support/run-program.ts';

const PORTS = { decompress: nodeDecompress, digester: nodeDigester };
const check = (files: Files): Promise<PythonCheck> => {
  const tree = treeOfFiles(files);
  return checkPythonPackages(tree, pythonDocuments(tree, PORTS, 'wheel'));
};
const HAT: WheelPlan = { project: 'hat', version: '1.0', requiresPython: '>=3.8' };
const INFO = 'hat-1.0.dist-info';
const NAME = 'hat-1.0-py3-none-any.whl';
const PATH = `hat/${NAME}`;

const messages = async (wheel: Uint8Array, path = PATH): Promise<readonly string[]> => {
  const { problems, distributions } = await check(new Map([[path, wheel]]));
  expect(new Set(problems.map((problem) => problem.path))).toEqual(new Set(problems.length === 0 ? [] : [path]));
  expect(distributions.length).toBe(problems.length === 0 ? 1 : 0);
  return problems.map(({ message }) => message);
};
const damaged = async (damage: (members: Map<string, string>) => void): Promise<readonly string[]> =>
  messages(await buildWheel({ ...HAT, damage }));

let good: Uint8Array;
beforeAll(async () => {
  good = await buildWheel({ ...HAT, extra: { 'hat/data.txt': 'long '.repeat(5_000) } });
});

describe('a volume of Python packages', () => {
  it('offers what its wheels say of themselves', async () => {
    const tree = treeOfFiles(new Map([[PATH, good]]));
    const expected: Distribution = {
      path: PATH,
      name: NAME,
      project: 'hat',
      version: '1.0',
      sha256: tree.entry(PATH)?.sha256 ?? '',
      sizeBytes: good.length,
      requiresPython: '>=3.8',
    };
    expect(await check(new Map([[PATH, good]]))).toEqual({ problems: [], distributions: [expected] });
  });

  it('takes the wheels that every Python carries, which other people built', async () => {
    const { stdout } = await runProgram('python3', ['-c', 'import ensurepip, os; print(os.path.dirname(ensurepip.__file__))']);
    const folder = join(stdout.trim(), '_bundled');
    const files = new Map<string, Uint8Array>();
    for (const name of await readdir(folder))
      if (name.endsWith('.whl')) files.set(name, new Uint8Array(await readFile(join(folder, name))));
    const { problems, distributions } = await check(files);
    expect(problems).toEqual([]);
    expect(distributions.map(({ name }) => name)).toEqual([...files.keys()].toSorted());
    expect(distributions.map(({ project }) => project)).toContain('pip');
    expect(distributions.every(({ requiresPython }) => requiresPython?.startsWith('>=3.'))).toBe(true);
  });

  it.each<[string, WheelPlan]>([
    ['stored without compression', { ...HAT, stored: true }],
    ['of several platforms', { ...HAT, tags: 'cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64' }],
    ['of several Pythons', { ...HAT, tags: 'py2.py3-none-any' }],
    ['with a build number', { ...HAT, build: '1local' }],
    ['of a local version', { ...HAT, version: '2.1.0+cpu' }],
    ['whose name has `_` for the `-` of a post release', { ...HAT, version: '2.1_1', metadataVersion: '2.1.post1' }],
    ['of a post release', { ...HAT, version: '2.1.post1' }],
    ['with names that need quotes in RECORD', { ...HAT, extra: { 'hat/a,b "c".txt': 'x' } }],
  ])('takes a wheel %s', async (_, plan) => {
    // Quotes of CSV are what Python's own writer makes of such a name.
    const damage = (members: Map<string, string>) => {
      const record = [...members.keys()].find((name) => name.endsWith('/RECORD')) ?? '';
      members.set(record, (members.get(record) ?? '').replace('hat/a,b "c".txt', '"hat/a,b ""c"".txt"'));
    };
    expect(await messages(await buildWheel({ ...plan, damage }), wheelFileName(plan))).toEqual([]);
  });

  it.each([
    ['hat-1.0.tar.gz', 'hat', '1.0'],
    ['my-old-hat-2.0rc1.zip', 'my-old-hat', '2.0rc1'],
    ['hat-1.0-1.tar.gz', 'hat', '1.0-1'],
  ])('takes %s as an archive of source', async (name, project, version) => {
    const { problems, distributions } = await check(new Map([[name, new Uint8Array(9)]]));
    expect(problems).toEqual([]);
    expect(distributions.map((found) => [found.project, found.version])).toEqual([[project, version]]);
  });

  it('leaves other files alone', async () => {
    const files = new Map(['README', 'hat/notes.txt', 'hat/hat-1.0.tar.gz.asc'].map((path) => [path, new Uint8Array(3)]));
    expect(await check(files)).toEqual({ problems: [], distributions: [] });
  });

  it('has one content for one name', async () => {
    const other = await buildWheel({ ...HAT, extra: { 'hat/more.py': '' } });
    const files = new Map([
      [`a/${NAME}`, good],
      [`b/${NAME}`, good],
      [`c/${NAME}`, other],
    ]);
    const { problems } = await check(files);
    expect(problems).toEqual([{ path: `c/${NAME}`, message: `has the name of a/${NAME} and other content` }]);
  });

  it('opens no wheel again that was in a good release before', async () => {
    const other = await buildWheel({ project: 'cap', version: '1' });
    const before = treeOfFiles(
      new Map([
        [PATH, good],
        ['cap-1-py3-none-any.whl', good],
      ]),
    );
    const tree = treeOfFiles(
      new Map([
        [PATH, good],
        ['cap-1-py3-none-any.whl', other],
        ['index.html', new Uint8Array()],
      ]),
    );
    const read: string[] = [];
    const watched = {
      ...tree,
      read: (path: string, maximumBytes: number) => {
        read.push(path);
        return tree.read(path, maximumBytes);
      },
    };
    const validate = (files: typeof tree, options: ValidatorOptions) =>
      volumeValidator({ type: 'wheel', mount: 'wheel' }, PORTS, options)(files);
    expect(await validate(watched, { before })).toEqual([]);
    expect(read).toEqual(['cap-1-py3-none-any.whl']);
    expect(await validate(watched, {})).toEqual([]);
    expect(read).toEqual(['cap-1-py3-none-any.whl', 'cap-1-py3-none-any.whl', PATH]);
  });

  it('says what is wrong in the order of the paths, although several are looked at together', async () => {
    const paths = Array.from({ length: 11 }, (_, n) => `cut/${String.fromCharCode(97 + n)}-1-py3-none-any.whl`);
    const { problems } = await check(new Map(paths.map((path) => [path, new Uint8Array(3)])));
    expect(problems.map(({ path }) => path)).toEqual(paths);
  });

  it('reads a large wheel in parts where it can', async () => {
    // Random digits do not compress, so that the wheel is larger than what is read at once.
    let [seed, noise] = [1, ''];
    while (noise.length < 30_000_000) {
      seed = (seed * 48_271) % 2_147_483_647;
      noise += seed.toString(36);
    }
    const wheel = await buildWheel({ ...HAT, stored: true, extra: { 'hat/large.txt': noise } });
    const tree = { ...treeOfFiles(new Map([[PATH, wheel]])), read: async () => undefined };
    let [bytes, requests] = [0, 0];
    const documents = pythonDocuments(tree, PORTS, 'wheel', async (_, offset, length) => {
      bytes += length;
      requests += 1;
      return wheel.subarray(offset, offset + length);
    });
    expect((await checkPythonPackages(tree, documents)).problems).toEqual([]);
    // Less than a tenth of it: its end, and a window of a megabyte before what is read.
    expect(bytes).toBeLessThan(3_000_000);
    expect(requests).toBeLessThan(5);
  });
});

describe('a wheel is bad, and the release says why,', () => {
  it.each([
    ['at half', 0.5],
    ['near its end', 0.98],
    ['at once', 0],
  ])('when it is cut off %s', async (_, share) => {
    expect(await messages(good.slice(0, Math.floor(good.length * share)))).toEqual([
      'has no directory at its end: it is cut off, or no zip archive',
    ]);
  });

  it('when it is cut off anywhere', async () => {
    const small = await buildWheel(HAT);
    for (let length = 0; length < small.length; length += 7) expect((await messages(small.slice(0, length))).length).toBe(1);
  });

  it('when a part in the middle is missing', async () => {
    const cut = new Uint8Array([...good.slice(0, 100), ...good.slice(200)]);
    expect(await messages(cut)).toEqual(['is a zip archive whose parts are not where it says, or is damaged']);
  });

  it.each(['METADATA', 'WHEEL', 'RECORD'])('when the bytes of %s are others', async (document) => {
    const wheel = await buildWheel({ ...HAT, stored: true });
    const text = Buffer.from(wheel).toString('latin1');
    const at = text.indexOf(`${INFO}/${document}`) + `${INFO}/${document}`.length;
    expect(await messages(wheel.with(at, (wheel[at] ?? 0) ^ 1))).toEqual([
      `has "${INFO}/${document}", which does not have the checksum that the directory says`,
    ]);
  });

  it.each(['METADATA', 'WHEEL', 'RECORD'])('when it has no %s', async (document) => {
    expect(await damaged((members) => members.delete(`${INFO}/${document}`))).toEqual([`has no ${INFO}/${document}`]);
  });

  const edit = (document: string, from: RegExp | string, to: string) => (members: Map<string, string>) => {
    const path = `${INFO}/${document}`;
    const before = members.get(path) ?? '';
    const after = before.replace(from, to);
    members.set(path, after);
  };
  const inRecord = (document: string) =>
    expect.stringMatching(new RegExp(`^has "${INFO}/${document}" (?:with another sha256 than|of \\d+ bytes, but) RECORD says`));

  it.each([
    [
      'the project of METADATA is another',
      'METADATA',
      'Name: hat',
      'Name: cap',
      'is named for the project hat, but METADATA says "cap"',
    ],
    [
      'the version of METADATA is another',
      'METADATA',
      'Version: 1.0',
      'Version: 1.1',
      'is named for the version 1.0, but METADATA says "1.1"',
    ],
    ['METADATA has no name', 'METADATA', 'Name: hat\n', '', 'is named for the project hat, but METADATA says ""'],
    [
      'the tags of WHEEL are others',
      'WHEEL',
      'py3-none-any',
      'py2-none-any',
      'is named for py3-none-any, but WHEEL says py2-none-any',
    ],
    ['WHEEL has no tags', 'WHEEL', /Tag: .*\n/, '', 'is named for py3-none-any, but WHEEL says nothing'],
    [
      'WHEEL is of a later format',
      'WHEEL',
      'Wheel-Version: 1.0',
      'Wheel-Version: 2.0',
      'is of the format "2.0"; pip installs 1.x',
    ],
    ['WHEEL has a build that the name has not', 'WHEEL', 'Tag:', 'Build: 7\nTag:', 'is named for build none, but WHEEL says 7'],
  ])('when %s', async (_, document, from, to, message) => {
    expect(await damaged(edit(document, from, to))).toEqual([message, inRecord(document)]);
  });

  it.each([
    [
      'names a file that is not there',
      edit('RECORD', `${INFO}/RECORD,,\n`, `${INFO}/RECORD,,\nhat/gone.py,sha256=${'A'.repeat(43)},1\n`),
      'has no "hat/gone.py", which is in RECORD',
    ],
    [
      'lacks a file that is there',
      (members: Map<string, string>) => members.set('hat/new.py', ''),
      'has "hat/new.py", which is not in RECORD',
    ],
    [
      'has another digest',
      edit('RECORD', /(__init__.py,sha256=)[^,]*/, `$1${'A'.repeat(43)}`),
      'has "hat/__init__.py" with another sha256 than RECORD says',
    ],
    [
      'has another size',
      edit('RECORD', /(__init__.py,sha256=[^,]*),\d+/, '$1,7'),
      'has "hat/__init__.py" of 16 bytes, but RECORD says 7',
    ],
    [
      'has no digest',
      edit('RECORD', /(__init__.py),sha256=[^,]*/, '$1,'),
      'has no digest of SHA-2 for "hat/__init__.py" in RECORD',
    ],
    [
      'has a weak digest',
      edit('RECORD', /(__init__.py),sha256=[^,]*/, `$1,md5=${'A'.repeat(22)}`),
      'has no digest of SHA-2 for "hat/__init__.py" in RECORD',
    ],
    [
      'has a digest that is none',
      edit('RECORD', /(__init__.py),sha256=[^,]*/, '$1,sha256=AAAA'),
      'has no digest of SHA-2 for "hat/__init__.py" in RECORD',
    ],
    ['names a file twice', edit('RECORD', /(hat\/__init__.py.*\n)/, '$1$1'), 'names a file twice in RECORD'],
    ['is no table', edit('RECORD', /^/, 'hello\n'), 'has a row in RECORD that cannot be read: "hello"'],
    ['has a quote that does not end', edit('RECORD', /^/, '"hat\n'), 'has a RECORD that is no table'],
  ])('when RECORD %s', async (_, damage, message) => {
    expect(await damaged(damage)).toEqual([message]);
  });

  it.each([
    ['leads out of it', '../evil.py', 'has a member that leads out of it: "../evil.py"'],
    ['is absolute', '/etc/evil', 'has a member that leads out of it: "/etc/evil"'],
  ])('when a member %s', async (_, path, message) => {
    expect(await messages(await buildWheel({ ...HAT, extra: { [path]: '' } }))).toEqual([message]);
  });

  it('when it has two folders of metadata, or one of another project', async () => {
    expect(await messages(await buildWheel({ ...HAT, extra: { 'cap-1.0.dist-info/METADATA': '' } }))).toEqual([
      'has 2 folders named .dist-info; there must be one',
    ]);
    expect(await messages(await buildWheel({ ...HAT, project: 'cap' }))).toEqual([
      'has cap-1.0.dist-info, which is not of the project and version in its name',
      'is named for the project hat, but METADATA says "cap"',
    ]);
  });

  it('when METADATA is no header', async () => {
    const [first] = await damaged(edit('METADATA', /^/, '<html>\n'));
    expect(first).toBe(`has a line in ${INFO}/METADATA that is no field: "<html>"`);
  });

  it.each([
    ['hat.whl', 'is not named NAME-VERSION(-BUILD)-PYTHON-ABI-PLATFORM.whl'],
    ['hat-one-py3-none-any.whl', 'is named for a version that cannot be: "one"'],
    ['.hat-1.0-py3-none-any.whl', 'is named for a project that cannot be: ".hat"'],
    ['hat-1.0-x1-py3-none-any.whl', 'has a build in its name that does not begin with a digit: x1'],
    ['hat-1.0-py3-none-.whl', 'has tags in its name that cannot be'],
    ['hat.tar.gz', 'is not named NAME-VERSION of a version that can be'],
  ])('when it is named %s', async (name, message) => {
    expect(await messages(good, name)).toEqual([message]);
  });
});

describe('pages of an index that are in the volume', () => {
  const page = (...links: string[]): Uint8Array =>
    new Uint8Array(
      Buffer.from(`<!DOCTYPE html><html><body>${links.map((link) => `<a href="${link}">x</a>`).join('')}</body></html>`),
    );
  const problems = async (content: Uint8Array) =>
    (
      await check(
        new Map([
          [PATH, good],
          ['simple/hat/index.html', content],
        ]),
      )
    ).problems;
  const hash = (): string => treeOfFiles(new Map([[PATH, good]])).entry(PATH)?.sha256 ?? '';

  it('may link by relative and by absolute paths, and elsewhere', async () => {
    const links = [
      `../../hat/${NAME}#sha256=${hash()}`,
      `/wheel/hat/${NAME}#sha256=${hash()}`,
      'https://other.example/x-1.whl',
      '../',
      '/other/y-1.whl',
    ];
    expect(await problems(page(...links))).toEqual([]);
  });

  it.each([
    ['is not there', () => '../../hat/cap-1.0-py3-none-any.whl', 'which is not in the release'],
    ['has no digest', () => `../../hat/${NAME}`, 'without its sha256'],
    ['has another digest', () => `../../hat/${NAME}#sha256=${'0'.repeat(64)}`, 'which is sha256-HASH'],
  ])('are bad when what they link to %s', async (_, href, why) => {
    const separator = why.startsWith('without') ? ' ' : ', ';
    expect(await problems(page(href()))).toEqual([
      { path: 'simple/hat/index.html', message: `links to ${href()}${separator}${why.replace('HASH', hash())}` },
    ]);
  });

  const json = (document: unknown) =>
    check(
      new Map([
        [PATH, good],
        ['simple/hat/index.v1_json', new Uint8Array(Buffer.from(JSON.stringify(document)))],
      ]),
    );
  const listed = (url: string, hashes: Record<string, string>) => json({ files: [{ url, hashes }] });

  it('may be JSON', async () => {
    const complaint = async (found: Promise<PythonCheck>) => (await found).problems.map(({ message }) => message);
    expect(await complaint(listed(`/wheel/hat/${NAME}`, { sha256: hash() }))).toEqual([]);
    expect(await complaint(listed(`../../hat/${NAME}`, { sha256: hash().toUpperCase() }))).toEqual([]);
    expect(await complaint(listed(`https://other.example/${NAME}`, {}))).toEqual([]);
    expect(await complaint(json({ projects: [{ name: 'hat' }] }))).toEqual([]);
    expect(await complaint(listed(`/wheel/cap/${NAME}`, { sha256: hash() }))).toEqual([
      `links to /wheel/cap/${NAME}, which is not in the release`,
    ]);
    expect(await complaint(listed(`/wheel/hat/${NAME}`, { md5: '' }))).toEqual([
      `links to /wheel/hat/${NAME} without its sha256`,
    ]);
    expect(await complaint(json({ message: 'not found' }))).toEqual([expect.stringMatching(/^the page: /)]);
    expect(await complaint(json([]))).toEqual([expect.stringMatching(/^the page: /)]);
  });

  it('are bad without a document type, which pip 22.0 refused', async () => {
    expect(await problems(new Uint8Array(Buffer.from('<html></html>')))).toEqual([
      { path: 'simple/hat/index.html', message: 'does not begin with <!DOCTYPE html>, and pip refuses such pages' },
    ]);
  });
});
