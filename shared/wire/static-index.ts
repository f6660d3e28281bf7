import * as v from 'valibot';
import { hex64 } from './fields.ts';
import { parseJson } from './parse-json.ts';

/** The object `static-index.json`: which static lists are stored, each with the digest of its type and body. */
const VERSION = 1;

const document = v.object({ version: v.literal(VERSION), lists: v.array(v.tuple([v.string(), hex64])) });

/** Path of a list to its digest. */
export type StaticIndex = ReadonlyMap<string, string>;

export const printStaticIndex = (index: StaticIndex): string =>
  JSON.stringify({ version: VERSION, lists: [...index].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) });

export const parseStaticIndex = (text: string): StaticIndex => new Map(parseJson(document, text, 'static index').lists);
