import * as v from 'valibot';
import type { Facts, HeadSeen } from '#domain/crawl/observation.ts';
import { WireError } from '#domain/errors.ts';
import { decodeText } from './bytes/decode-text.ts';
import { count, hex64, nonEmpty } from './fields.ts';
import { parseJson } from './parse-json.ts';

/**
 * Canonical JSON, version 1: heads as `[path, sha256 or null]` in code unit order, `null` for a head that is absent; excluded ids
 * as runs, alternately ids skipped and ids taken: 3 4 5 9 is `[3,3,3,1]`. Equal facts print equal bytes, which is what lets
 * hundreds of mirrors share one object. A mirror never checked excludes everything, which is one run.
 */
const VERSION = 1;
/** Runs come from storage: without a limit a few bytes could ask for more ids than memory holds. */
const MAX_EXCLUDED = 20_000_000;

const document = v.object({
  version: v.literal(VERSION),
  category: nonEmpty,
  heads: v.array(v.tuple([v.string(), v.nullable(hex64)])),
  excluded: v.array(count),
});

const printRuns = (ids: readonly number[]): number[] => {
  const runs: number[] = [];
  let [next, start] = [0, 0];
  for (const [index, id] of ids.entries()) {
    if (id < next || !Number.isSafeInteger(id)) throw new RangeError(`excluded id ${id} is out of order`);
    const before = index === 0 ? undefined : ids[index - 1];
    if (before === undefined || id !== before + 1) {
      if (before !== undefined) runs.push(next - start);
      runs.push(id - next);
      start = id;
    }
    next = id + 1;
  }
  if (ids.length > 0) runs.push(next - start);
  return runs;
};

const parseRuns = (runs: readonly number[]): number[] => {
  const ids: number[] = [];
  let next = 0;
  for (const [index, length] of runs.entries()) {
    if (length === 0 && index > 0) throw new WireError('facts: an empty run');
    const end = next + length;
    if (index % 2 === 1) {
      if (ids.length + length > MAX_EXCLUDED) throw new WireError(`facts: more than ${MAX_EXCLUDED} excluded directories`);
      for (let id = next; id < end; id += 1) ids.push(id);
    }
    if (!Number.isSafeInteger(end)) throw new WireError('facts: an id above 2^53-1');
    next = end;
  }
  if (runs.length % 2 === 1) throw new WireError('facts: a gap without a run');
  return ids;
};

const byPath = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : a > b ? 1 : 0);

export const printFacts = (facts: Facts): Uint8Array => {
  const heads = Object.entries(facts.heads)
    .map(([path, seen]) => [path, seen.kind === 'digest' ? seen.sha256 : null] as const)
    .sort(byPath);
  return new TextEncoder().encode(
    JSON.stringify({ version: VERSION, category: facts.category, heads, excluded: printRuns(facts.excluded) }),
  );
};

export const parseFacts = (bytes: Uint8Array): Facts => {
  const { category, heads, excluded } = parseJson(document, decodeText(bytes, 'facts'), 'facts');
  const seen = heads.map(([path, sha256]): [string, HeadSeen] => [
    path,
    sha256 === null ? { kind: 'absent' } : { kind: 'digest', sha256 },
  ]);
  // fromEntries, not assignment: a path may be called __proto__.
  return { category, heads: Object.fromEntries(seen), excluded: parseRuns(excluded) };
};
