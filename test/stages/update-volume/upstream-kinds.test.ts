import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { WireError } from '#domain/errors.ts';
import type { VolumeType, VolumeUpstream } from '#domain/volume/volume.ts';
import type { FileLister } from '#ports/file-lister.ts';
import { useEmulators } from '../../support/emulators.ts';
import { type MemoryUpstream, memoryUpstream } from '../../support/memory-upstream.ts';
import { hashOf } from '../../support/tree-arbitrary.ts';
import { type UpdateWorld, updateWorld } from '../../support/update-setup.ts';

const emulators = useEmulators();

interface Copied extends UpdateWorld {
  readonly upstream: MemoryUpstream;
  /** How the update of what upstream has now ended. */
  readonly end: () => Promise<string>;
}

const NO_LISTER: FileLister = { list: () => Promise.reject(new Error('not asked')) };

const world = async (type: VolumeType, declared: Partial<VolumeUpstream> = {}, lister = NO_LISTER): Promise<Copied> => {
  const upstream = memoryUpstream();
  const volume = { type, upstream: { url: upstream.url, ...declared } };
  const made = await updateWorld(emulators, volume, () => ({ http: upstream, lister }));
  const end = async (): Promise<string> => {
    const outcome = await made.update('user:ann');
    const problem = outcome.kind === 'updated' ? (outcome.problem ?? '') : '';
    return outcome.kind === 'updated' ? `${outcome.end} ${problem}`.trim() : outcome.kind;
  };
  return { ...made, upstream, end };
};

describe('a suite of an archive', () => {
  const sum = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest('hex');
  const packages = (...names: readonly string[]): string =>
    names.map((name) => `Package: ${name}\nFilename: pool/${name}.deb\nSize: 4\nSHA256: ${hashOf('good')}\n\n`).join('');

  /** A suite whose Release lists these files, of which some are there. */
  const publish = (
    { upstream }: Copied,
    files: Readonly<Record<string, string>>,
    { absent = [], head = 'Release', fields = '' }: { absent?: readonly string[]; head?: string; fields?: string } = {},
  ): void => {
    const lines = (algorithm: string) =>
      Object.entries(files).map(([path, text]) => ` ${sum(algorithm, text)} ${text.length} ${path}\n`);
    const release = `Codename: s\n${fields}SHA256:\n${lines('sha256').join('')}SHA512:\n${lines('sha512').join('')}`;
    upstream.files.set(`dists/s/${head}`, release);
    for (const [path, text] of Object.entries(files)) if (!absent.includes(path)) upstream.files.set(`dists/s/${path}`, text);
    for (const name of ['p', 'q']) upstream.files.set(`pool/${name}.deb`, 'good');
  };

  test('has the signature beside its Release, what is listed and there, and each package once', async () => {
    const it = await world('apt', { suites: ['s'] });
    const index = packages('p', 'q');
    publish(
      it,
      { 'main/binary-amd64/Packages': index, 'main/binary-arm64/Packages': index, 'main/i18n/Translation-en': 'text' },
      { absent: ['main/i18n/Translation-en'] },
    );
    it.upstream.files.set('dists/s/Release.gpg', 'signature');
    expect(await it.follow()).toEqual(['sealing', 'released']);
    expect([...(await it.entries()).keys()]).toEqual([
      'dists/s/Release',
      'dists/s/Release.gpg',
      'dists/s/main/binary-amd64/Packages',
      'dists/s/main/binary-arm64/Packages',
      'pool/p.deb',
      'pool/q.deb',
    ]);
    // Both packages have the same bytes.
    expect(it.upstream.asked.filter((line) => line.endsWith('.deb'))).toHaveLength(1);
  });

  test('has its indexes by their hashes too, where it says so', async () => {
    const it = await world('apt', { suites: ['s'] });
    const index = packages('p');
    publish(it, { 'main/binary-amd64/Packages': index }, { fields: 'Acquire-By-Hash: yes\n', head: 'InRelease' });
    expect(await it.follow()).toEqual(['sealing', 'released']);
    expect([...(await it.entries()).keys()]).toEqual([
      'dists/s/InRelease',
      'dists/s/main/binary-amd64/Packages',
      `dists/s/main/binary-amd64/by-hash/SHA256/${hashOf(index)}`,
      `dists/s/main/binary-amd64/by-hash/SHA512/${sum('sha512', index)}`,
      'pool/p.deb',
    ]);
  });

  test('is looked at head by head: one that changed is enough, and the others are not read again', async () => {
    const it = await world('apt', { suites: ['s'] });
    publish(it, { 'main/binary-amd64/Packages': packages('p') });
    publish(it, { 'main/binary-amd64/Packages': packages('p') }, { head: 'InRelease' });
    expect(await it.follow()).toEqual(['sealing', 'released']);
    expect(await it.follow()).toEqual(['unchanged']);
    publish(it, { 'main/binary-amd64/Packages': packages('p', 'q') });
    publish(it, { 'main/binary-amd64/Packages': packages('p', 'q') }, { head: 'InRelease' });
    it.upstream.asked.length = 0;
    expect(await it.follow()).toEqual(['sealing', 'released']);
    expect((await it.entries()).has('pool/q.deb')).toBe(true);
    expect(it.upstream.asked.filter((line) => line.endsWith('.deb'))).toEqual([]);
  });

  test('is copied for the architectures that are not excluded, as from an archive that does not have them either', async () => {
    const excludes = ['.*/source/.*', '.*/binary-(?:arm64|riscv64)/.*'];
    const it = await world('apt', { suites: ['s'], excludes });
    const files = {
      'main/binary-amd64/Packages': packages('p'),
      'main/binary-arm64/Packages': packages('q'),
      'main/binary-riscv64/Packages': packages('q'),
      'main/source/Sources': 'Package: broken\n',
    };
    publish(it, files, { absent: ['main/binary-riscv64/Packages'] });
    expect(await it.follow()).toEqual(['sealing', 'released']);
    expect([...(await it.entries()).keys()]).toEqual(['dists/s/Release', 'dists/s/main/binary-amd64/Packages', 'pool/p.deb']);
    it.declare({ type: 'apt', upstream: { url: it.upstream.url, suites: ['s'], excludes: excludes.slice(0, 1) } });
    expect(await it.end()).toBe('upstream_broken dists/s/main/binary-riscv64/Packages is listed and not there');
  });

  test.each([
    ['lacks a list of packages', ['s'], ['main/binary-amd64/Packages'], 'Packages is listed and not there'],
    ['is not there', ['t'], [], 'dists/t has neither InRelease nor Release'],
    ['is not declared', [], [], 'the volume must declare its suites'],
  ])('that %s is broken', async (_, suites, absent, problem) => {
    const it = await world('apt', { suites });
    publish(it, { 'main/binary-amd64/Packages': packages('p') }, { absent });
    expect(await it.end()).toContain(`upstream_broken dists`);
    expect(await it.end()).toContain(problem);
  });

  test('whose packages are listed with xz only cannot be read here, and says so', async () => {
    const it = await world('apt', { suites: ['s'] });
    publish(it, { 'main/binary-amd64/Packages.xz': '\u00fd7zXZ' });
    it.upstream.onRequest = (path) => {
      if (!path.endsWith('.xz')) return undefined;
      const body = new Uint8Array([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
      return { kind: 'answered', status: 200, headers: {}, body, url: '' };
    };
    const xz = createHash('sha256')
      .update(new Uint8Array([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]))
      .digest('hex');
    it.upstream.files.set('dists/s/Release', `Codename: s\nSHA256:\n ${xz} 6 main/binary-amd64/Packages.xz\n`);
    expect(await it.end()).toContain('is compressed with xz');
  });
});

describe('an index of Python packages', () => {
  const page = (files: readonly object[]): string => JSON.stringify({ meta: { 'api-version': '1.0' }, name: 'x', files });
  const file = (filename: string, fields: object = {}) => ({
    filename,
    url: `../files/${filename}`,
    hashes: { sha256: hashOf(filename) },
    ...fields,
  });
  const serve = ({ upstream }: Copied, ...names: readonly string[]): void => {
    for (const name of names) upstream.files.set(`files/${name}`, name);
  };

  test('is copied for all projects that it lists, without what was yanked or has no place in an index', async () => {
    const it = await world('pypi');
    it.upstream.files.set('', JSON.stringify({ projects: [{ name: 'Hat.Shop' }, { name: 'gone' }] }));
    const files = [file('hat_shop-1.tar.gz'), file('hat_shop-2.tar.gz', { yanked: 'broken' }), file('hat_shop-1.exe')];
    it.upstream.files.set('hat-shop/', page([...files, file('other-1.tar.gz')]));
    serve(it, 'hat_shop-1.tar.gz', 'hat_shop-2.tar.gz', 'other-1.tar.gz');
    expect(await it.follow()).toEqual(['sealing', 'released']);
    expect([...(await it.entries()).keys()]).toEqual([
      'packages/hat-shop/hat_shop-1.tar.gz',
      'simple/hat-shop/index.v1_json',
      'simple/index.v1_json',
    ]);
    expect(await it.follow()).toEqual(['unchanged']);
  });

  test('is copied for the projects that are declared; one of them must be there', async () => {
    const it = await world('pypi', { projects: ['Hat.Shop'] });
    expect(await it.end()).toContain('hat-shop/ is not there');
    it.upstream.files.set('hat-shop/', page([file('hat_shop-1.tar.gz')]));
    serve(it, 'hat_shop-1.tar.gz');
    expect(await it.follow()).toEqual(['sealing', 'released']);
    expect(it.upstream.asked).not.toContain('GET ');
  });

  test('whose files have no hashes is copied once, file by file', async () => {
    const it = await world('pypi', { projects: ['h'] });
    it.upstream.files.set('h/', page([file('h-1.tar.gz', { hashes: {} })]));
    serve(it, 'h-1.tar.gz', 'h-2.tar.gz');
    expect(await it.follow()).toEqual(['sealing', 'released']);
    it.upstream.files.set('h/', page([file('h-1.tar.gz', { hashes: {} }), file('h-2.tar.gz', { hashes: {} })]));
    expect(await it.follow()).toEqual(['sealing', 'released']);
    expect(it.upstream.asked.filter((line) => line.includes('files/'))).toEqual(['GET files/h-1.tar.gz', 'GET files/h-2.tar.gz']);
  });
});

describe('a list of checksums', () => {
  test('is the first that is there, with its signature; other digests name files too, and are remembered', async () => {
    const it = await world('files');
    const sums = (text: string) => `${createHash('sha512').update(text).digest('hex')}  a\n`;
    for (const [path, text] of Object.entries({ a: 'one', SHA512SUMS: sums('one'), 'SHA512SUMS.gpg': 'signed' }))
      it.upstream.files.set(path, text);
    expect(await it.follow()).toEqual(['sealing', 'released']);
    expect([...(await it.entries()).keys()]).toEqual(['SHA512SUMS', 'SHA512SUMS.gpg', 'a']);
    it.upstream.files.set('SHA512SUMS.gpg', 'signed anew');
    it.upstream.files.set('SHA512SUMS', `# ${sums('one')}${sums('one')}`);
    expect(await it.follow()).toEqual(['sealing', 'released']);
    expect(it.upstream.asked.filter((line) => line === 'GET a')).toHaveLength(1);
    it.upstream.files.set('SHA512SUMS', sums('two'));
    expect(await it.end()).toMatch(/^upstream_broken a is sha512-/);
  });

  test.each([
    ['is none', {}, 'has no list of checksums at its top'],
    ['proves nothing', { SHA256SUMS: `${'0'.repeat(40)}  a\n` }, 'has only sha1 for a'],
    ['names no file', { SHA256SUMS: `${hashOf('a')}\n` }, 'names a path out of its folder: ""'],
    ['is a page', { SHA256SUMS: '<html>' }, 'is no list of checksums'],
  ])('that %s is broken', async (_, files, problem) => {
    const it = await world('files');
    for (const [path, text] of Object.entries(files)) it.upstream.files.set(path, text);
    expect(await it.end()).toContain(problem);
  });
});

describe('a module of an rsync daemon', () => {
  /** Lists what the upstream serves, with a time that grows with every change that is said. */
  const listerOf = (files: () => ReadonlyMap<string, string>, time: (path: string) => number): FileLister => ({
    list: async (_, onEntry) => {
      for (const [path, text] of files())
        onEntry({ path, kind: 'file', sizeBytes: text.length, modifiedSeconds: time(path), mode: 0o100_644 });
      return { kind: 'complete', entries: files().size, bytesReceived: 1 };
    },
  });

  const rsyncWorld = async () => {
    const times = new Map<string, number>();
    let files: ReadonlyMap<string, string> = new Map();
    const lister = listerOf(
      () => files,
      (path) => times.get(path) ?? 1,
    );
    const it = await world('files', { kind: 'rsync', filesUrl: 'http://upstream.example/pub' }, lister);
    files = it.upstream.files;
    return { ...it, times };
  };

  test('that changes while it is copied is listed again, and copied as it is then', async () => {
    const it = await rsyncWorld();
    it.upstream.files.set('a', 'one').set('b', 'one');
    let moved = false;
    it.upstream.onRequest = (path) => {
      if (path !== 'a' || moved) return undefined;
      moved = true;
      it.upstream.files.set('b', 'two');
      it.times.set('b', 2);
      return undefined;
    };
    expect(await it.follow()).toEqual(['sealing', 'released']);
    expect([await it.text('a'), await it.text('b')]).toEqual(['one', 'two']);
    expect(it.upstream.asked.filter((line) => line === 'GET a')).toHaveLength(1);
  });

  test('of which a file is gone when it is read is listed again', async () => {
    const it = await rsyncWorld();
    it.upstream.files.set('a', 'one').set('b', 'one');
    it.upstream.onRequest = () => {
      it.upstream.files.delete('b');
      return undefined;
    };
    expect(await it.follow()).toEqual(['sealing', 'released']);
    expect([...(await it.entries()).keys()]).toEqual(['a']);
  });

  test('of which a file changed unseen since it was copied, and its object was removed here, is read anew', async () => {
    const it = await rsyncWorld();
    it.upstream.files.set('a', 'one');
    expect(await it.follow()).toEqual(['sealing', 'released']);
    it.upstream.files.set('b', 'new');
    it.times.set('b', 5);
    const before = new Map([['b', { said: '5 3', sha256: hashOf('old'), sizeBytes: 3 }]]);
    const memory = { read: async () => before, write: it.deps.memory.write };
    expect(await it.update('user:ann', { ...it.deps, memory })).toEqual({
      kind: 'updated',
      end: 'upstream_moving',
      problem: `b is sha256-${hashOf('new')}, and not ${hashOf('old')} as upstream says`,
    });
    expect([...(await it.deps.memory.read('v')).keys()]).toEqual(['a']);
    expect(await it.follow()).toEqual(['sealing', 'released']);
    expect(await it.text('b')).toBe('new');
  });

  test('of which what was remembered cannot be read is copied again', async () => {
    const it = await rsyncWorld();
    it.upstream.files.set('a', 'one');
    expect(await it.follow()).toEqual(['sealing', 'released']);
    it.upstream.files.set('b', 'two');
    const memory = { ...it.deps.memory, read: () => Promise.reject(new WireError('of another version')) };
    expect(await it.update('user:ann', { ...it.deps, memory })).toMatchObject({ end: 'sealing' });
    expect(it.upstream.asked).toEqual(['GET a', 'GET a', 'GET b']);
  });
});
