/**
 * Registered netblocks as one sorted table of 128 bit numbers in which every row names the smallest netblock around it. The chain
 * of a client is then one binary search and a walk upwards. IPv4 stands in it as ::ffff:0:0/96, inside `::/0` for instance; the
 * walk passes over netblocks of the other family, since `::/0` says nothing about IPv4 clients.
 */
import { compareNetblocks, containsNetblock, containsRange, type Netblock, parseNetblock } from '#domain/selection/netblock.ts';
import type { SnapshotHost } from '#domain/snapshot/document.ts';
import type { NetblockLevel } from '#domain/snapshot/view.ts';
import { rangesOf } from './column-builder.ts';
import { NONE, type SnapshotColumns, type SnapshotColumnValues } from './schema.ts';

interface Row {
  readonly block: Netblock;
  readonly text: string;
  readonly hosts: number[];
}

const rowsOf = (hosts: readonly SnapshotHost[]): Row[] => {
  const rows = new Map<string, Row>();
  hosts.forEach((host, index) => {
    for (const text of host.netblocks) {
      const block = parseNetblock(text);
      if (block === undefined) continue;
      const key = `${block.words.join(' ')}/${block.prefix}`;
      const row = rows.get(key) ?? { block, text, hosts: [] };
      if (row.hosts.at(-1) !== index) row.hosts.push(index);
      rows.set(key, row);
    }
  });
  return [...rows.values()].sort((a, b) => compareNetblocks(a.block, b.block));
};

const parentsOf = (rows: readonly Row[]): number[] => {
  const open: number[] = [];
  return rows.map((row, index) => {
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const outer = rows[top];
      if (outer !== undefined && containsRange(outer.block, row.block)) break;
      open.pop();
    }
    const parent = open.at(-1) ?? NONE;
    open.push(index);
    return parent;
  });
};

type NetblockColumns = Pick<
  SnapshotColumnValues,
  'netblockWords' | 'netblockPrefix' | 'netblockText' | 'netblockParent' | 'netblockHostStarts' | 'netblockHosts'
>;

export const printNetblocks = (hosts: readonly SnapshotHost[], numberOf: (text: string) => number): NetblockColumns => {
  const rows = rowsOf(hosts);
  const ranges = rangesOf(rows, (row) => row.hosts);
  return {
    netblockWords: rows.flatMap((row) => row.block.words),
    netblockPrefix: rows.map((row) => row.block.prefix),
    netblockText: rows.map((row) => numberOf(row.text)),
    netblockParent: parentsOf(rows),
    netblockHostStarts: ranges.starts,
    netblockHosts: ranges.values,
  };
};

export const openNetblocks = (columns: SnapshotColumns, text: (number: number) => string) => {
  const { netblockWords, netblockPrefix, netblockParent, netblockHostStarts, netblockHosts } = columns;
  const block = (row: number): Netblock => {
    const word = (n: number): number => netblockWords[4 * row + n] ?? 0;
    return { words: [word(0), word(1), word(2), word(3)], prefix: netblockPrefix[row] ?? 0 };
  };

  /** The last row that does not come after `wanted`, or -1. */
  const lastNotAfter = (wanted: Netblock): number => {
    let low = 0;
    let high = netblockPrefix.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareNetblocks(block(middle), wanted) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };

  return (netblock: string): readonly NetblockLevel[] => {
    const wanted = parseNetblock(netblock);
    const levels: NetblockLevel[] = [];
    if (wanted === undefined) return levels;
    // Parents stand before their children, which was checked on opening: this ends.
    for (let row = lastNotAfter(wanted); row >= 0; row = netblockParent[row] === NONE ? -1 : (netblockParent[row] ?? -1)) {
      if (!containsNetblock(block(row), wanted)) continue;
      const hosts = netblockHosts.subarray(netblockHostStarts[row], netblockHostStarts[row + 1]);
      levels.push({ netblock: text(columns.netblockText[row] ?? 0), hosts });
    }
    return levels;
  };
};
