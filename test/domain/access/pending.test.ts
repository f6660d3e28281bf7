import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nameInUrl, namesInUrls, pendingAfter } from '#domain/access/pending.ts';
import { isProof, proofPlaces } from '#domain/access/proof.ts';
import type { Host } from '#domain/inventory/inventory.ts';
import { aCarriage, aHost, aSite } from '../../support/a-network.ts';

const host = (urls: readonly string[], changed: Partial<Host> = {}): Host =>
  aHost('h', { carries: [aCarriage('h', { urls: [...urls] })], pending: false, ...changed });
const change = (before: Host | undefined, after: Host, sitePrivate = { before: false, after: false }) => ({
  before,
  after,
  siteBefore: before === undefined ? undefined : aSite('site', { private: sitePrivate.before }),
  siteAfter: aSite('site', { private: sitePrivate.after }),
});

const anyName = fc.constantFrom('a.example.org', 'b.example.org', 'c.example.net', '[2001:db8::1]', '192.0.2.1');
const anyUrl = fc
  .tuple(fc.constantFrom('https', 'http', 'rsync'), anyName, fc.constantFrom('', ':8080'), fc.constantFrom('/x', '/y/z'))
  .map(([scheme, name, port, path]) => ({ name, url: `${scheme}://${name}${port}${path}` }));

describe('a host', () => {
  test('has the names of its URLs, whatever the scheme, the port and the path', () => {
    fc.assert(
      fc.property(fc.array(anyUrl, { minLength: 1 }), (urls) => {
        expect(urls.map(({ url }) => nameInUrl(url))).toEqual(urls.map(({ name }) => name));
        expect(namesInUrls(host(urls.map(({ url }) => url)))).toEqual([...new Set(urls.map(({ name }) => name))]);
      }),
    );
  });

  test('of an owner is never public with a name that nobody proved', () => {
    const anyHost = fc
      .record({ urls: fc.array(anyUrl, { minLength: 1, maxLength: 4 }), private: fc.boolean() })
      .map(({ urls, private: hidden }) =>
        host(
          urls.map(({ url }) => url),
          { private: hidden },
        ),
      );
    const anySite = fc.boolean();
    fc.assert(
      fc.property(fc.array(fc.tuple(anyHost, anySite), { minLength: 1, maxLength: 6 }), (steps) => {
        let before: Host | undefined;
        let sitePrivate = false;
        const proved = new Set<string>();
        for (const [wanted, nextPrivate] of steps) {
          const pending = pendingAfter(change(before, wanted, { before: sitePrivate, after: nextPrivate }));
          const after = { ...wanted, pending };
          const isPublic = !after.private && !nextPrivate;
          if (isPublic && !pending) expect(namesInUrls(after).filter((name) => !proved.has(name))).toEqual([]);
          // The owner proves control now and then: whenever the host is pending and has one name.
          const settles = pending && namesInUrls(after).length === 1;
          if (settles) for (const name of namesInUrls(after)) proved.add(name);
          before = { ...after, pending: pending && !settles };
          sitePrivate = nextPrivate;
        }
      }),
    );
  });

  test('becomes pending by a new name or by becoming public, and stays so until it is proved', () => {
    const known = host(['https://a.example.org/x']);
    expect(pendingAfter(change(undefined, known))).toBe(true);
    expect(pendingAfter(change(undefined, { ...known, private: true }))).toBe(false);
    expect(pendingAfter(change(undefined, known, { before: false, after: true }))).toBe(false);
    expect(pendingAfter(change(known, host(['http://a.example.org:81/y'])))).toBe(false);
    expect(pendingAfter(change(known, host(['https://a.example.org/x', 'https://b.example.org/x'])))).toBe(true);
    expect(pendingAfter(change({ ...known, private: true }, known))).toBe(true);
    expect(pendingAfter(change(known, known, { before: true, after: false }))).toBe(true);
    expect(pendingAfter(change({ ...known, pending: true }, { ...known, private: true }))).toBe(true);
  });
});

describe('a proof', () => {
  test('is looked for under each URL that HTTP reads, and in DNS for what is a name', () => {
    const urls = [
      'https://a.example.org/x',
      'rsync://a.example.org/x',
      'rsync://b.example.org/x',
      'http://192.0.2.1/y',
      'https://[2001:db8::1]/z',
    ];
    expect(proofPlaces(host(urls), 't0k')).toEqual([
      { name: 'a.example.org', files: ['https://a.example.org/x/mirrortide-t0k.txt'], record: '_mirrortide.a.example.org' },
      { name: 'b.example.org', files: [], record: '_mirrortide.b.example.org' },
      { name: '192.0.2.1', files: ['http://192.0.2.1/y/mirrortide-t0k.txt'], record: undefined },
      { name: '[2001:db8::1]', files: ['https://[2001:db8::1]/z/mirrortide-t0k.txt'], record: undefined },
    ]);
    const many = Array.from({ length: 9 }, (_, at) => `https://a.example.org/${at}`);
    expect(proofPlaces(host(many), 't').map(({ files }) => files.length)).toEqual([3]);
  });

  test('is the token alone', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        expect(isProof(`${before}t0k${after}`, 't0k')).toBe(before.trim() === '' && after.trim() === '');
      }),
    );
    expect(isProof(' t0k\r\n', 't0k')).toBe(true);
  });
});
