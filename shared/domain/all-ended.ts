const CALLS_AT_ONCE = 16;

/**
 * Works on items, so many at once; the results come in order. After one that fails no other begins, and what it threw is thrown when
 * all that had begun have ended: a function that returns with requests under way is frozen with them, and sends them again when it is
 * next called.
 */
export const allEnded = async <Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
  atOnce = CALLS_AT_ONCE,
): Promise<readonly Result[]> => {
  const results: Result[] = [];
  const failures: unknown[] = [];
  const waiting = items.entries();
  const worker = async (): Promise<void> => {
    for (const [at, item] of waiting) {
      if (failures.length > 0) return;
      try {
        results[at] = await work(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
};
