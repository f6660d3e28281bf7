import * as v from 'valibot';
import type { Doom } from '#ports/volume-dooms.ts';
import { epochMs, hex64 } from '../fields.ts';
import { parseValue } from '../parse-json.ts';
import type { PlainItem } from './volume-items.ts';
import type { VolumeItemKey } from './volume-table.ts';

/** In the table of volumes: `G#` and the first two digits of the hash, then the hash. A sweeper takes one partition at a time. */
export const doomPartition = (prefix: string): string => `G#${prefix.slice(0, 2)}`;
export const doomKey = (sha256: string): VolumeItemKey => ({ pk: doomPartition(sha256), sk: sha256 });

/** Conditions name these two attributes. */
export const DOOMED_BY = 'by';
export const DOOMED_AT = 'at';

const doomItem = v.object({ sk: hex64, by: v.string(), at: epochMs });

export const printDoom = ({ by, atMs }: Doom): PlainItem => ({ [DOOMED_BY]: by, [DOOMED_AT]: atMs });

/** Throws WireError on anything that is no doom. */
export const parseDoom = (item: PlainItem): Doom => {
  const { sk: sha256, by, at: atMs } = parseValue(doomItem, item, 'a doomed object');
  return { sha256, by, atMs };
};
