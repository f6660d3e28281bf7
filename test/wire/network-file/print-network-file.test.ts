import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Inventory } from '#domain/inventory/inventory.ts';
import { parseNetworkFile } from '#wire/network-file/parse-network-file.ts';
import { printNetworkFile } from '#wire/network-file/print-network-file.ts';
import { anyNetworkDocument } from '../../support/network-document-arbitrary.ts';
import { MINIMAL } from './reading.ts';

const absolute = (path: string): string => (path.startsWith('/') ? path : `/srv/network/${path}`);

/** The order of sites means nothing. */
const read = (document: unknown): Inventory => {
  const parsed = parseNetworkFile(document, absolute);
  if (parsed.kind === 'invalid') throw new Error(JSON.stringify([document, parsed.problems], undefined, 1));
  const { sites } = parsed.inventory;
  return { ...parsed.inventory, sites: sites.toSorted((left, right) => (left.id < right.id ? -1 : 1)) };
};

const file = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

/** The sample's addresses are filled in when it starts. */
const sample = (): string =>
  file('local/sample/network.yaml').replace(/@([a-z-]+)@/g, (_, name: string) => `http://127.0.0.1:8080/${name}`);

describe('a printed network', () => {
  test('is read as the network that it was', () => {
    fc.assert(
      fc.property(anyNetworkDocument, (document) => {
        const inventory = read(document);
        expect(read(printNetworkFile(inventory))).toEqual(inventory);
      }),
      { numRuns: 500 },
    );
  });

  test('is printed the same again, as JSON and as YAML', () => {
    fc.assert(
      fc.property(anyNetworkDocument, (document) => {
        const printed = printNetworkFile(read(document));
        expect(printNetworkFile(read(JSON.parse(JSON.stringify(printed))))).toEqual(printed);
        expect(parse(stringify(printed))).toEqual(printed);
      }),
    );
  });

  test.each([
    ['the Fedora example', () => file('examples/fedora.yaml')],
    ['the Debian example', () => file('examples/debian.yaml')],
    ['the PyPI example', () => file('examples/pypi.yaml')],
    ['the unified mirror', () => file('examples/unified-mirror.yaml')],
    ['the sample', sample],
  ])('is read as the network that it was: %s', (_, text) => {
    const inventory = read(parse(text(), { merge: true }));
    expect(read(parse(stringify(printNetworkFile(inventory))))).toEqual(inventory);
  });

  test('says no more than is needed', () => {
    expect(printNetworkFile(read(parse(MINIMAL)))).toEqual({
      network: { name: 'Small', contact: 'admin@example.org' },
      categories: [{ id: 'tools', master: '/srv/network/tree' }],
      hosts: [
        {
          id: 'mirror.example.org',
          country: 'DE',
          carries: [{ category: 'tools', urls: ['https://mirror.example.org/tools'] }],
        },
      ],
    });
  });
});
