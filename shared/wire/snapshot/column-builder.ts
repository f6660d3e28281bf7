/** Small builders for the printer: rows of varying length as one flat column and its starts. */

export interface Ranges {
  readonly starts: readonly number[];
  readonly values: readonly number[];
}

export const rangesOf = <T>(rows: readonly T[], values: (row: T) => Iterable<number>): Ranges => {
  const starts = [0];
  const flat: number[] = [];
  for (const row of rows) {
    for (const value of values(row)) flat.push(value);
    starts.push(flat.length);
  }
  return { starts, values: flat };
};

/** Values by key, both ascending, each value once. */
export const groupedBy = (
  pairs: Iterable<readonly [number, number]>,
): { readonly keys: readonly number[]; readonly ranges: Ranges } => {
  const groups = new Map<number, Set<number>>();
  for (const [key, value] of pairs) {
    const group = groups.get(key);
    if (group === undefined) groups.set(key, new Set([value]));
    else group.add(value);
  }
  const keys = [...groups.keys()].sort((a, b) => a - b);
  return { keys, ranges: rangesOf(keys, (key) => [...(groups.get(key) ?? [])].sort((a, b) => a - b)) };
};
