import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '#domain/errors.ts';
import { containsNetblock, parseNetblock } from '#domain/selection/netblock.ts';
import type { SnapshotDocument } from '#domain/snapshot/document.ts';
import { openSnapshot } from '#wire/snapshot/open-snapshot.ts';
import { openColumns, printColumns } from '#wire/snapshot/packed-columns.ts';
import { printSnapshot } from '#wire/snapshot/print-snapshot.ts';
import { readDocument } from '#wire/snapshot/read-document.ts';
import { type ColumnName, READABLE_VERSIONS, SNAPSHOT_SCHEMA, SNAPSHOT_VERSION } from '#wire/snapshot/schema.ts';
import { ASNS, anyClient, anyDocument, sketchNetwork } from '../../support/snapshot-document.ts';

const GOLDEN = new URL('../golden/snapshot-v1.bin', import.meta.url);
const golden = sketchNetwork({
  hosts: [
    'a DE net=10.0.0.0/8,2001:db8::/32',
    'b FR asn=64500 alternate',
    'c US private net=10.1.0.0/16',
    'd JP down',
    'ü-é DE allow=DE,FR',
  ],
  embargoed: ['KP'],
  aliases: [{ from: 'linux-latest', to: 'linux-41' }],
});

const everyColumn = { ...golden, countryOverrides: [{ netblock: '192.0.2.0/24', country: 'SE' }] };
/** Lists without neighbours. */
const FREE_ROWS: readonly ColumnName[] = ['embargoed', 'textStarts'];

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const inPackedOrder = (document: SnapshotDocument): SnapshotDocument => ({
  ...document,
  directories: [...document.directories].sort((a, b) => byBytes(a.path, b.path)),
  repositories: [...document.repositories].sort((a, b) => byBytes(a.repo, b.repo) || byBytes(a.arch, b.arch)),
  aliases: [...document.aliases].sort((a, b) => byBytes(a.from, b.from)),
  continents: [...document.continents].sort((a, b) => byBytes(a.country, b.country)),
});

describe('a packed snapshot', () => {
  it('reads back as the document it was printed from', () => {
    fc.assert(
      fc.property(anyDocument, (document) => {
        expect(readDocument(printSnapshot(document))).toEqual(inPackedOrder(document));
      }),
    );
  });

  it('is the same bytes for the same document, whatever the order of what is looked up by name', () => {
    fc.assert(
      fc.property(anyDocument, (document) => {
        const shuffled = {
          ...document,
          directories: [...document.directories].reverse(),
          repositories: [...document.repositories].reverse(),
          aliases: [...document.aliases].reverse(),
          continents: [...document.continents].reverse(),
        };
        expect(Buffer.compare(printSnapshot(document), printSnapshot(shuffled))).toBe(0);
      }),
    );
  });

  it('finds by name exactly what the document has by that name', () => {
    fc.assert(
      fc.property(anyDocument, fc.string(), (document, other) => {
        const view = openSnapshot(printSnapshot(document));
        for (const path of [...document.directories.map((one) => one.path), other]) {
          expect(view.directory(path)).toEqual(document.directories.find((one) => one.path === path));
        }
        for (const { repo, arch } of [...document.repositories, { repo: other, arch: 'x86_64' }]) {
          const same = document.repositories.filter((one) => one.repo === repo);
          expect(view.repository(repo, arch)).toEqual(same.find((one) => one.arch === arch));
          expect(view.architectures(repo)).toEqual(same.map((one) => one.arch).sort(byBytes));
        }
        expect(view.repositoryNames()).toEqual([...new Set(document.repositories.map((one) => one.repo))].sort(byBytes));
        for (const { from } of [...document.aliases, { from: other }]) {
          expect(view.alias(from)).toBe(document.aliases.find((one) => one.from === from)?.to);
        }
        for (const asn of ASNS) {
          const hosts = document.hosts.flatMap((host, index) => (host.asns.includes(asn) ? [index] : []));
          expect(Array.from(view.hostsOfAsn(asn))).toEqual(hosts);
        }
      }),
    );
  });

  it('gives the chain of registered netblocks around a client, longest first', () => {
    fc.assert(
      fc.property(anyDocument, anyClient, (document, client) => {
        const wanted = parseNetblock(client.netblock ?? '');
        const around = [...new Set(document.hosts.flatMap((host) => host.netblocks))]
          .map((text) => ({ text, block: parseNetblock(text) }))
          .filter(({ block }) => block !== undefined && wanted !== undefined && containsNetblock(block, wanted))
          .sort((a, b) => (b.block?.prefix ?? 0) - (a.block?.prefix ?? 0));
        const expected = around.map(({ text }) => ({
          netblock: text,
          hosts: document.hosts.flatMap((host, index) => (host.netblocks.includes(text) ? [index] : [])),
        }));
        const chain = openSnapshot(printSnapshot(document)).netblockChain(client.netblock ?? '');
        expect(chain.map(({ netblock, hosts }) => ({ netblock, hosts: Array.from(hosts) }))).toEqual(expected);
      }),
    );
  });

  it('still prints version 1 as the golden file and reads that', () => {
    const bytes = new Uint8Array(readFileSync(GOLDEN));
    expect(Buffer.compare(printSnapshot(golden), bytes)).toBe(0);
    expect(readDocument(bytes)).toEqual(inPackedOrder(golden));
  });

  it('opens wherever the bytes lie in memory', () => {
    const bytes = printSnapshot(golden);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(readDocument(shifted.subarray(3))).toEqual(inPackedOrder(golden));
    // A Buffer's own slice() would not move the bytes.
    expect(readDocument(Buffer.from(shifted.buffer, 3))).toEqual(inPackedOrder(golden));
  });
});

/** The checksum of the format, so that damage gets as far as the bounds checks. */
const repaired = (bytes: Uint8Array): Uint8Array => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let hash = 0x811c9dc5;
  for (let at = 24; at + 4 <= bytes.length; at += 4) hash = Math.imul(hash ^ view.getUint32(at, true), 0x01000193);
  if (bytes.length >= 24) view.setUint32(16, hash >>> 0, true);
  return bytes;
};

/** Reads everything there is to read. */
const readAll = (bytes: Uint8Array): 'read' | 'refused' => {
  try {
    const view = openSnapshot(bytes);
    readDocument(bytes);
    for (const client of ['10.1.2.3', '2001:db8::1', '::/0']) view.netblockChain(client);
    for (const name of ['linux-41', 'x', '']) [view.repository(name, 'x86_64'), view.directory(name), view.alias(name)];
    return 'read';
  } catch (error) {
    if (error instanceof WireError) return 'refused';
    throw error;
  }
};

describe('a damaged snapshot', () => {
  const bytes = printSnapshot(golden);

  it('is refused when a byte changed', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = bytes.slice();
        damaged[at] = (damaged[at] ?? 0) ^ change;
        // Four bytes of the header mean nothing yet.
        if (at >= 20 && at < 24) return;
        expect(readAll(damaged)).toBe('refused');
      }),
    );
  });

  it('is refused when it ends too soon', () => {
    for (let length = 0; length < bytes.length; length += 1) {
      expect(readAll(bytes.slice(0, length))).toBe('refused');
      expect(['read', 'refused']).toContain(readAll(repaired(bytes.slice(0, length))));
    }
  });

  it('never breaks its reader, even when the checksum was made to fit', () => {
    const edit = fc.record({
      at: fc.nat(Math.floor(bytes.length / 4) - 1),
      word: fc.oneof(fc.nat(400), fc.nat(0xffffffff), fc.constant(0xffffffff)),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const damaged = bytes.slice();
        const view = new DataView(damaged.buffer);
        for (const { at, word } of edits) if (at > 4) view.setUint32(4 * at, word, true);
        expect(['read', 'refused']).toContain(readAll(repaired(damaged)));
      }),
      { numRuns: 2_000 },
    );
  });

  const { columns } = openColumns(SNAPSHOT_SCHEMA, READABLE_VERSIONS, printSnapshot(everyColumn));
  const values = new Set([
    'textBytes',
    'settings',
    'hostWeight',
    'hostPrivate',
    'hostAsns',
    'repositoryDisabled',
    'netblockWords',
    'asn',
  ]);
  const pointing = (Object.keys(columns) as ColumnName[]).filter(
    (name) => !values.has(name) && SNAPSHOT_SCHEMA[name].kind !== 'f64',
  );

  it.each(pointing)('is refused when %s points outside, or has other rows than its neighbours', (name) => {
    const largest = SNAPSHOT_SCHEMA[name].kind === 'u8' ? 255 : 0xfffffffe;
    expect(columns[name].length).toBeGreaterThan(0);
    const with_ = (column: readonly number[]) => () =>
      openSnapshot(printColumns(SNAPSHOT_SCHEMA, SNAPSHOT_VERSION, { ...columns, [name]: column }));
    const column = Array.from(columns[name]);
    expect(with_(column)).not.toThrow();
    expect(with_(column.with(-1, largest))).toThrow(WireError);
    if (!FREE_ROWS.includes(name)) expect(with_([...column, column.at(-1) ?? 0])).toThrow(WireError);
  });

  it('is refused when ranges run backwards', () => {
    const starts = Array.from(columns.carrierUrlStarts);
    const printed = printColumns(SNAPSHOT_SCHEMA, SNAPSHOT_VERSION, {
      ...columns,
      carrierUrlStarts: starts.with(1, 5).with(2, 1),
    });
    expect(() => openSnapshot(printed)).toThrow(new WireError('snapshot: carrierUrlStarts is not a range of urlText'));
  });

  it('is refused when a netblock lies in itself or in a later one', () => {
    for (const parent of [1, 2]) {
      const printed = printColumns(SNAPSHOT_SCHEMA, SNAPSHOT_VERSION, {
        ...columns,
        netblockParent: Array.from(columns.netblockParent).with(1, parent),
      });
      expect(() => openSnapshot(printed)).toThrow(new WireError('snapshot: netblockParent goes round in circles'));
    }
  });

  it('is refused when its version is not one of the readable', () => {
    const newer = bytes.slice();
    new DataView(newer.buffer).setUint32(8, 2, true);
    expect(() => openSnapshot(repaired(newer))).toThrow(new WireError('snapshot: version 2, readable are 1'));
  });

  it('is refused when it is something else', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => readAll(garbage) === 'refused'));
  });
});
