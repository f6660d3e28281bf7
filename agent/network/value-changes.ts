import { isDeepStrictEqual } from 'node:util';
import { isMapping } from '#wire/network-file/raw.ts';

/** One key that differs; undefined is a key that is not there, and so says what holds anyway. */
export interface ValueChange {
  /** `carries[0].urls`, `answer.minimumHosts`; empty is the whole value. */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** A mapping that is left out is one in which everything is left out. */
const areMappings = (before: unknown, after: unknown): boolean =>
  (isMapping(before) || before === undefined) && (isMapping(after) || after === undefined);

const areListsOfMappings = (before: unknown, after: unknown): before is readonly unknown[] =>
  Array.isArray(before) && Array.isArray(after) && before.length === after.length && [...before, ...after].every(isMapping);

const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/;

const below = (path: string, key: string): string => {
  if (!PLAIN.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
};

/** Key by key; lists are one value, unless they are as long as before and hold mappings. */
export const valueChanges = (before: unknown, after: unknown, path = ''): readonly ValueChange[] => {
  if (isDeepStrictEqual(before, after)) return [];
  if (areMappings(before, after)) {
    const had = isMapping(before) ? before : {};
    const has = isMapping(after) ? after : {};
    const keys = [...new Set([...Object.keys(had), ...Object.keys(has)])];
    return keys.flatMap((key) => valueChanges(had[key], has[key], below(path, key)));
  }
  if (areListsOfMappings(before, after)) {
    const changed: readonly unknown[] = Array.isArray(after) ? after : [];
    return before.flatMap((one, at) => valueChanges(one, changed[at], `${path}[${at}]`));
  }
  return [{ path, before, after }];
};
