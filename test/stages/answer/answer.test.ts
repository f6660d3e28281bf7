import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import type { SnapshotDocument } from '#domain/snapshot/document.ts';
import { printClientBucket } from '#wire/client-bucket.ts';
import { answer, type HttpReply } from '../../../functions/answer/answer.ts';
import { anyClient, anyDocument, aPointer, sketchNetwork, viewOf } from '../../support/snapshot-document.ts';

const clock = { now: () => aPointer.publishedMs + 42_000 };
const depsFor = (document: SnapshotDocument | undefined) => ({
  clock,
  snapshot: {
    current: async () => (document === undefined ? undefined : { view: viewOf(document), pointer: aPointer, openedMs: 0 }),
    confirmedMs: () => aPointer.publishedMs + 40_000,
  },
});
const sketch = sketchNetwork({
  hosts: ['a DE', 'b FR', 'old DE alternate', 'p DE private net=10.0.0.0/8', 'l DE allow=FR', 'x US down'],
});

interface Get {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly document?: SnapshotDocument | undefined;
}
const get = (url: string, { method = 'GET', headers = {}, document = sketch }: Get = {}): Promise<HttpReply> => {
  const [path = '', query = ''] = url.split(/\?(.*)/s);
  return answer(depsFor(document), { method, path, query, headers });
};

const METALINK = '/metalink?repo=linux-41&arch=x86_64';
const inGermany = { 'x-mirrortide-bucket': 'c=DE', 'x-mirrortide-variant': '0' };

describe('the answering stage', () => {
  it('answers the public and the internal form alike', async () => {
    expect(await get('/metalink/linux-41/x86_64')).toEqual(await get(METALINK));
  });

  it('lets lists and errors be cached for a short time', async () => {
    const list = await get(METALINK, { headers: inGermany });
    expect(list.statusCode).toBe(200);
    expect(list.headers).toEqual({
      'content-type': 'application/metalink+xml',
      'cache-control': 'public, max-age=30, stale-if-error=86400',
      etag: expect.stringMatching(/^"[\w-]{22}"$/),
      'last-modified': 'Sat, 21 Nov 2026 01:55:42 GMT',
    });
    expect(await get('/mirrorlist?repo=nothing&arch=x')).toEqual({
      statusCode: 404,
      headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'public, max-age=30' },
      body: '# repo = nothing arch = x error: invalid repo or arch\n',
    });
  });

  it('answers 304 to whoever has the same bytes', async () => {
    const { headers } = await get(METALINK);
    const etag = headers['etag'] ?? '';
    for (const condition of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const again = await get(METALINK, { headers: { 'if-none-match': condition } });
      expect([again.statusCode, again.body]).toEqual([304, '']);
    }
    expect((await get(METALINK, { headers: { 'if-none-match': '"x"' } })).statusCode).toBe(200);
  });

  it('gives HEAD the headers of GET and no body', async () => {
    for (const url of [METALINK, '/mirrorlist?repo=x&arch=y', '/nowhere', '/status']) {
      expect(await get(url, { method: 'HEAD' })).toEqual({ ...(await get(url)), body: '' });
    }
  });

  it('refuses other methods', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'get', '']) {
      const reply = await get(METALINK, { method });
      expect([reply.statusCode, reply.headers['allow']]).toEqual([405, 'GET, HEAD']);
    }
  });

  it('says that nothing is published yet, and when to ask again', async () => {
    expect(await answer(depsFor(undefined), { method: 'GET', path: '/metalink', query: 'repo=a&arch=b', headers: {} })).toEqual({
      statusCode: 503,
      headers: { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '5', 'cache-control': 'no-store' },
      body: '# nothing is published yet\n',
    });
  });

  it('redirects', async () => {
    const reply = await get('/mirrorlist?path=pub/linux/41/libstdc++.iso&redirect=1&country=fr');
    expect([reply.statusCode, reply.headers['location'], reply.body]).toEqual([
      302,
      'https://b.example/linux/41/libstdc++.iso',
      '',
    ]);
    expect((await get('/mirrorlist?path=pub/linux/41/x.iso&redirect=0')).statusCode).toBe(200);
  });

  it('tells what is published and how old it is', async () => {
    const status = JSON.parse((await get('/status.json')).body);
    expect(status).toMatchObject({ network: 'sketch', sequence: 7, ageSeconds: 42, confirmedSeconds: 2 });
    expect(status.categories).toEqual([
      {
        category: 'linux',
        hosts: { serving: 5, down: 1 },
        newestEvidenceSeconds: 226_184,
        oldestEvidenceSeconds: 226_184,
        drained: [],
      },
    ]);
    expect((await get('/status')).body).toContain('published   42 s ago, confirmed 2 s ago\n');
  });
});

const anyName = fc.oneof(
  fc.constantFrom('linux-41', 'x86_64', 'pub/linux/41/x86_64/repodata/repomd.xml', 'pub/linux', '1', '0', ''),
  fc.string({ unit: 'binary' }).map((text) => encodeURIComponent(text.toWellFormed())),
  fc.string(),
);
const anyParameter = fc.constantFrom(
  'repo',
  'arch',
  'path',
  'country',
  'protocol',
  'redirect',
  'netblock',
  'time',
  'ip',
  'countme',
  'x',
);
const anyQuery = fc
  .array(fc.tuple(anyParameter, anyName), { maxLength: 7 })
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&'));
const anyUrl = fc.oneof(
  fc
    .tuple(fc.constantFrom('/metalink', '/mirrorlist', '/explain', '/metalink/linux-41/x86_64', '/status'), anyQuery)
    .map((parts) => parts.join('?')),
  fc.tuple(fc.constantFrom('/metalink/', '/mirrorlist/', '/explain/', '/'), anyName, anyName).map(([a, b, c]) => `${a}${b}/${c}`),
  fc.webUrl({ withQueryParameters: true }).map((url) => new URL(url).pathname + new URL(url).search),
);

const urlsOf = (reply: HttpReply): string[] =>
  reply.headers['content-type'] === 'application/metalink+xml'
    ? [...reply.body.matchAll(/<url [^>]*>([^<]*)</g)].map((match) => match[1] ?? '')
    : reply.body
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => line.split('\t')[0] ?? '');

describe('whatever a client sends', () => {
  it('is answered without a fault, and errors are short, of the right type and well-formed', async () => {
    await fc.assert(
      fc.asyncProperty(anyUrl, fc.string(), fc.string(), async (url, bucket, variant) => {
        const reply = await get(url, { headers: { 'x-mirrortide-bucket': bucket, 'x-mirrortide-variant': variant } });
        expect([200, 302, 400, 404]).toContain(reply.statusCode);
        if (reply.statusCode >= 400) {
          expect(Buffer.byteLength(reply.body)).toBeLessThan(1_000);
          expect(reply.headers['cache-control']).toBe('public, max-age=30');
        }
        if (reply.headers['content-type'] === 'application/metalink+xml') expect(XMLValidator.validate(reply.body)).toBe(true);
        if (reply.headers['content-type'] === 'application/json') expect(() => JSON.parse(reply.body)).not.toThrow();
        for (const value of Object.values(reply.headers)) expect(value).toMatch(/^[ -~]*$/);
      }),
      { numRuns: 1_500 },
    );
  });

  it('gets the same bytes for the same cache key', async () => {
    await fc.assert(
      fc.asyncProperty(anyDocument, anyUrl, anyClient, async (document, url, client) => {
        const { bucket, variant } = printClientBucket(client);
        const headers = { 'x-mirrortide-bucket': bucket, 'x-mirrortide-variant': variant };
        const first = await get(url, { document, headers });
        expect(
          await get(url, { document, headers: { ...headers, 'user-agent': 'other', 'x-forwarded-for': '192.0.2.1' } }),
        ).toEqual(first);
      }),
    );
  });
});

const formats = ['metalink', 'mirrorlist', 'explain'] as const;
/** Every list of a network, as one client gets it. */
const everyList = (
  document: SnapshotDocument,
): { readonly url: string; readonly format: (typeof formats)[number]; readonly apt: boolean }[] =>
  document.repositories.flatMap(({ repo, arch, type }) =>
    formats.map((format) => ({
      url: `/${format}?repo=${encodeURIComponent(repo)}&arch=${encodeURIComponent(arch)}`,
      format,
      apt: type === 'apt',
    })),
  );

describe('every list of any network', () => {
  const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '', isArray: (name) => name === 'url' });

  it('is never empty, never leaks a private or limited host, and its order and preference agree', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyDocument,
        anyClient,
        fc.constantFrom('', '&country=de,fr', '&protocol=rsync', '&netblock=0', '&country=global'),
        async (raw, client, more) => {
          // Addresses that name their host, so that every URL tells whose it is.
          const document = {
            ...raw,
            carriers: raw.carriers.map((carrier) => ({
              ...carrier,
              urls: carrier.urls.map(({ protocol }) => ({ protocol, url: `${protocol}://m${carrier.host}.example/base` })),
            })),
          };
          const { bucket, variant } = printClientBucket(client);
          const headers = { 'x-mirrortide-bucket': bucket, 'x-mirrortide-variant': variant };
          for (const { url, format, apt } of everyList(document)) {
            const reply = await get(url + more, { document, headers });
            if (reply.statusCode !== 200 || format === 'explain') continue;
            const urls = urlsOf(reply);
            expect(urls).not.toEqual([]);
            for (const one of urls) {
              const host = document.hosts[Number(/^\w+:\/\/m(\d+)\.example\/base\//.exec(one)?.[1])];
              if (host === undefined) throw new Error(`${one} is nobody's`);
              if (host.countriesAllowed.length > 0) expect(host.countriesAllowed).toContain(client.country);
              if (host.private) {
                expect(more).toBe(more.includes('country') || more.includes('netblock=0') ? 'no private host' : more);
                const isNear = host.netblocks.length > 0 && client.netblock !== undefined;
                expect(isNear || (client.asn !== undefined && host.asns.includes(client.asn))).toBe(true);
              }
              if (apt && format === 'mirrorlist') expect(one).toMatch(/^https?:/);
            }
            if (format === 'metalink') {
              const preferences = parser
                .parse(reply.body)
                .metalink.files.file.resources.url.map((one: { preference: string }) => Number(one.preference));
              expect(preferences).toEqual([...preferences].sort((a, b) => b - a));
              expect(preferences[0]).toBe(100);
            }
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
