import * as v from 'valibot';
import type { SnapshotPointer } from '#domain/snapshot/document.ts';
import { count, epochMs, hex64 } from './fields.ts';
import { parseJson } from './parse-json.ts';

/** The object `snapshot-pointer.json`. */
const VERSION = 1;

const document = v.object({
  version: v.literal(VERSION),
  name: hex64,
  sequence: count,
  publishedMs: epochMs,
  sizeBytes: count,
});

export const printSnapshotPointer = ({ name, sequence, publishedMs, sizeBytes }: SnapshotPointer): string =>
  JSON.stringify({ version: VERSION, name, sequence, publishedMs, sizeBytes });

export const parseSnapshotPointer = (text: string): SnapshotPointer => {
  const { name, sequence, publishedMs, sizeBytes } = parseJson(document, text, 'snapshot pointer');
  return { name, sequence, publishedMs, sizeBytes };
};
