import * as v from 'valibot';
import type { EdgeEntry } from '#ports/edge-table.ts';
import { parseJson } from './parse-json.ts';

/** The object `edge-table.json`: pairs of key and value under `entries`, in code unit order of the keys. */
const VERSION = 1;

const document = v.object({ version: v.literal(VERSION), entries: v.array(v.tuple([v.string(), v.string()])) });

const byKey = (a: EdgeEntry, b: EdgeEntry): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

export const printEdgeTable = (entries: readonly EdgeEntry[]): string =>
  JSON.stringify({ version: VERSION, entries: [...entries].sort(byKey).map(({ key, value }) => [key, value]) });

export const parseEdgeTable = (text: string): readonly EdgeEntry[] =>
  parseJson(document, text, 'edge table').entries.map(([key, value]) => ({ key, value }));
