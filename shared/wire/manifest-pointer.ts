import * as v from 'valibot';
import { WireError } from '#domain/errors.ts';
import type { ManifestPointer } from '#ports/manifest-store.ts';
import { count, epochMs, hex64 } from './fields.ts';
import { parseValue } from './parse-json.ts';

/** One item of the pointer table, as flat attributes: conditions need `generation` and `name` in the open. */
const VERSION = 1;
const KEY_PREFIX = 'manifest/';

const item = v.object({
  pointer: v.pipe(v.string(), v.startsWith(KEY_PREFIX)),
  version: v.literal(VERSION),
  generation: count,
  name: hex64,
  changedMs: epochMs,
  scannedMs: epochMs,
});

export type ManifestPointerItem = v.InferOutput<typeof item>;

export const manifestPointerKey = (category: string): string => `${KEY_PREFIX}${category}`;

export const printManifestPointer = ({ category, ...pointer }: ManifestPointer): ManifestPointerItem => ({
  pointer: manifestPointerKey(category),
  version: VERSION,
  generation: pointer.generation,
  name: pointer.name,
  changedMs: pointer.changedMs,
  scannedMs: pointer.scannedMs,
});

export const parseManifestPointer = (value: unknown): ManifestPointer => {
  const { pointer, generation, name, changedMs, scannedMs } = parseValue(item, value, 'manifest pointer');
  const category = pointer.slice(KEY_PREFIX.length);
  if (category === '') throw new WireError('manifest pointer: no category');
  return { category, generation, name, changedMs, scannedMs };
};
