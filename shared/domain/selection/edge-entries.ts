/**
 * What the CDN's viewer function must know to put a client into a bucket: the netblocks and networks that hosts registered and the
 * netblocks whose country is known better than by any database. Per address family the prefix lengths in use, longest first
 * (`lengths4`), and per netblock one entry named by length and network in hexadecimal digits, so that the function asks once
 * per length. Sorted and without duplicates: equal snapshots give equal tables.
 */
import type { SnapshotDocument } from '../snapshot/document.ts';
import { isIpv4, type Netblock, parseNetblock } from './netblock.ts';

/** One entry of the key-value table. */
export interface EdgePair {
  readonly key: string;
  readonly value: string;
}

const V4_SHIFT = 96;

const hex = (word: number): string => word.toString(16).padStart(8, '0');

const placeOf = (block: Netblock): { readonly family: '4' | '6'; readonly length: number; readonly key: string } => {
  const family = isIpv4(block) ? '4' : '6';
  const length = family === '4' ? block.prefix - V4_SHIFT : block.prefix;
  const words = family === '4' ? block.words.slice(3) : block.words;
  return { family, length, key: `p${family}/${length}/${words.map(hex).join('')}` };
};

export const edgeEntries = (document: SnapshotDocument): EdgePair[] => {
  const values = new Map<string, string>();
  const lengths = { '4': new Set<number>(), '6': new Set<number>() };
  const add = (netblock: string, part: string): void => {
    const block = parseNetblock(netblock);
    if (block === undefined) return;
    const { family, length, key } = placeOf(block);
    lengths[family].add(length);
    const known = values.get(key)?.split(';') ?? [];
    // Of two countries for one netblock the first counts.
    if (!known.some((one) => one === part || (one.startsWith('c=') && part.startsWith('c='))))
      values.set(key, [...known, part].join(';'));
  };
  for (const host of document.hosts) for (const netblock of host.netblocks) add(netblock, 'h');
  for (const { netblock, country } of document.countryOverrides) add(netblock, `c=${country}`);
  for (const host of document.hosts) for (const asn of host.asns) values.set(`asn/${asn}`, '1');
  for (const family of ['4', '6'] as const) {
    if (lengths[family].size > 0) values.set(`lengths${family}`, [...lengths[family]].sort((a, b) => b - a).join(','));
  }
  return [...values].map(([key, value]) => ({ key, value })).sort((a, b) => (a.key < b.key ? -1 : 1));
};
