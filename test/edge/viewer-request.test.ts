import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, test } from 'vitest';
import { edgeEntries } from '#domain/selection/edge-entries.ts';
import type { SnapshotDocument } from '#domain/snapshot/document.ts';
import { parseQueryString, printQueryString } from '../../local/edge/query-string.ts';
import { loadViewerFunction, type ViewerRequest } from '../../local/edge/viewer-function.ts';

interface Viewed {
  readonly uri: string;
  readonly query: string;
  readonly headers: ViewerRequest['headers'];
  readonly bucket: string | undefined;
  readonly variant: string | undefined;
}

async function view(
  request: { uri?: string; query?: string; headers?: Record<string, string>; ip?: string },
  table: Readonly<Record<string, string>> = {},
): Promise<Viewed> {
  const viewer = await loadViewerFunction((key) => (Object.hasOwn(table, key) ? table[key] : undefined));
  const headers = Object.fromEntries(Object.entries(request.headers ?? {}).map(([name, value]) => [name, { value }]));
  const viewed = await viewer({
    version: '1.0',
    context: { eventType: 'viewer-request' },
    viewer: { ip: request.ip ?? '192.0.2.1' },
    request: { method: 'GET', uri: request.uri ?? '/mirrorlist', querystring: parseQueryString(request.query ?? ''), headers },
  });
  return {
    uri: viewed.uri,
    query: printQueryString(viewed.querystring),
    headers: viewed.headers,
    bucket: viewed.headers['x-mirrortide-bucket']?.value,
    variant: viewed.headers['x-mirrortide-variant']?.value,
  };
}

/** The table as the publisher would write it. */
function tableOf(netblocks: readonly string[], asns: readonly number[], overrides: Readonly<Record<string, string>>) {
  const host = { id: 'h', site: 's', country: 'DE', weight: 1, private: false, countriesAllowed: [], asns, netblocks };
  const countryOverrides = Object.entries(overrides).map(([netblock, country]) => ({ netblock, country }));
  const document = { hosts: [host], countryOverrides } as unknown as SnapshotDocument;
  return Object.fromEntries(edgeEntries(document).map(({ key, value }) => [key, value]));
}

describe('the query', () => {
  test('repository and architecture move into the path, the rest stays, sorted and without what is unknown', async () => {
    const { uri, query } = await view({
      uri: '/metalink',
      query: 'repo=fedora-41&countme=1&protocol=https&arch=x86_64&country=DE',
    });
    expect({ uri, query }).toEqual({ uri: '/metalink/fedora-41/x86_64', query: 'country=DE&protocol=https' });
  });

  test('a path keeps the question in the query', async () => {
    const { uri, query } = await view({ query: 'path=pub/libstdc++.rpm&repo=a&arch=b' });
    expect({ uri, query }).toEqual({ uri: '/mirrorlist', query: 'arch=b&path=pub%2Flibstdc%2B%2B.rpm&repo=a' });
  });

  test('names that a path would swallow stay in the query', async () => {
    expect(await view({ query: 'repo=..&arch=x86_64' })).toMatchObject({ uri: '/mirrorlist', query: 'arch=x86_64&repo=..' });
  });

  test('a flag without a value means yes; another parameter without a value is not there', async () => {
    expect(await view({ uri: '/explain', query: 'redirect&country=&repo' })).toMatchObject({
      uri: '/explain',
      query: 'redirect=1',
    });
  });

  const known = fc.constantFrom(
    'repo',
    'arch',
    'path',
    'country',
    'protocol',
    'redirect',
    'netblock',
    'time',
    'countme',
    '__proto__',
  );
  const value = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('%', '%zz', '%E0%A4%A', '+', '%2B', '..'));
  const parameters = fc.uniqueArray(fc.tuple(known, value), { selector: ([name]) => name, maxLength: 9 });
  const text = (list: readonly (readonly [string, string])[]): string =>
    list.map(([name, raw]) => `${name}=${raw.replace(/[&#]/g, '')}`).join('&');

  test('normalising is idempotent and does not depend on the order', async () => {
    await fc.assert(
      fc.asyncProperty(parameters, fc.constantFrom('/mirrorlist', '/metalink', '/explain', '/x'), async (list, uri) => {
        const once = await view({ uri, query: text(list) });
        const twice = await view({ uri: once.uri, query: once.query });
        const reversed = await view({ uri, query: text([...list].reverse()) });
        expect([twice.uri, twice.query]).toEqual([once.uri, once.query]);
        expect([reversed.uri, reversed.query]).toEqual([once.uri, once.query]);
      }),
      { numRuns: 200 },
    );
  });

  test('no query, header or address makes it throw', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary' }),
        fc.dictionary(fc.string(), fc.string()),
        fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()),
        async (query, headers, ip) => {
          const { variant } = await view({ query, headers, ip }, tableOf(['10.0.0.0/8', '2001:db8::/32'], [64_500], {}));
          expect(variant).toMatch(/^[0-7]$/);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('the bucket', () => {
  const table = tableOf(['10.0.0.0/8', '10.1.0.0/16', '2001:db8::/32', '0.0.0.0/0'], [64_500], { '10.1.2.0/24': 'AT' });

  test('holds the longest registered netblock, the registered ASN and the country', async () => {
    const headers = { 'cloudfront-viewer-country': 'DE', 'cloudfront-viewer-asn': '64500' };
    expect((await view({ ip: '10.1.9.9', headers }, table)).bucket).toBe('n=10.1.0.0/16;a=64500;c=DE');
  });

  test('an overridden country is stronger than the database, also where nobody registered that very netblock', async () => {
    const headers = { 'cloudfront-viewer-country': 'DE', 'cloudfront-viewer-asn': '64501' };
    expect((await view({ ip: '10.1.2.3', headers }, table)).bucket).toBe('n=10.1.0.0/16;c=AT');
  });

  test('an IPv4 address inside an IPv6 one counts as IPv4; IPv6 has its own prefixes', async () => {
    expect((await view({ ip: '::ffff:10.1.9.9' }, table)).bucket).toBe('n=10.1.0.0/16');
    expect((await view({ ip: '2001:db8:1::5' }, table)).bucket).toBe('n=2001:db8::/32');
    expect((await view({ ip: '2001:db9::5' }, table)).bucket).toBe('');
  });

  test('nothing known is an empty bucket', async () => {
    expect((await view({})).bucket).toBe('');
  });

  test('what a client sends under our names is dropped', async () => {
    const forged = {
      'x-mirrortide-bucket': 'n=10.0.0.0/8',
      'x-mirrortide-variant': '99',
      'x-mirrortide-x': '1',
      'mirrortide-client': 'x',
    };
    const { headers, bucket, variant } = await view({ headers: forged });
    expect(Object.keys(headers).sort()).toEqual(['x-mirrortide-bucket', 'x-mirrortide-variant']);
    expect({ bucket, variant: variant?.length }).toEqual({ bucket: '', variant: 1 });
  });

  test('the netblock equals a straightforward longest-prefix match', async () => {
    // ipaddr.js takes ::192.0.2.1 for a mapped address, which only ::ffff:192.0.2.1 is; an example above has the mapped form.
    const ipV6 = () => fc.ipV6().filter((text) => !text.includes('.'));
    const block = fc.oneof(
      fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })),
      fc.tuple(ipV6(), fc.integer({ min: 0, max: 128 })),
    );
    const canonical = ([address, bits]: readonly [string, number]): string | undefined => {
      if (!ipaddr.isValid(address)) return undefined;
      const parsed = ipaddr.parse(address);
      if (parsed.kind() === 'ipv6' && (parsed as ipaddr.IPv6).isIPv4MappedAddress()) return undefined;
      const family = parsed.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6;
      const network = family.networkAddressFromCIDR(`${parsed.toString()}/${bits}`);
      return `${network.kind() === 'ipv4' ? network.toString() : (network as ipaddr.IPv6).toRFC5952String()}/${bits}`;
    };
    await fc.assert(
      fc.asyncProperty(fc.array(block, { maxLength: 12 }), fc.nat(), fc.oneof(fc.ipV4(), ipV6()), async (blocks, pick, other) => {
        const netblocks = blocks.map(canonical).filter((one) => one !== undefined);
        // Half of the time an address inside one of them, so that something matches.
        const inside = blocks.length > 0 && pick % 2 === 0 ? (blocks[pick % blocks.length]?.[0] ?? other) : other;
        fc.pre(ipaddr.isValid(inside));
        const client = ipaddr.process(inside);
        const model = netblocks
          .filter((one) => {
            const [network, bits] = ipaddr.parseCIDR(one);
            return network.kind() === client.kind() && client.match([network, bits] as [ipaddr.IPv4, number]);
          })
          .sort((a, b) => Number(b.split('/')[1]) - Number(a.split('/')[1]))[0];
        const { bucket } = await view({ ip: inside }, tableOf(netblocks, [], {}));
        expect(bucket).toBe(model === undefined ? '' : `n=${model}`);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the variant', () => {
  test('is stable for a client, ignores the changing half of an IPv6 address, and spreads clients evenly', async () => {
    const of = async (ip: string) => (await view({ ip })).variant;
    expect(await of('2001:db8:0:7::1')).toBe(await of('2001:db8:0:7:ffff::2'));
    const counts = new Map<string, number>();
    for (let last = 0; last < 400; last += 1) {
      const variant = (await of(`198.51.${last >> 8}.${last & 255}`)) ?? '';
      counts.set(variant, (counts.get(variant) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
    expect(Math.min(...counts.values())).toBeGreaterThan(20);
  });
});
