import pLimit from 'p-limit';

const CALLS_AT_ONCE = 16;

/**
 * So many at once, the results in order. After one that fails no other begins, and what it threw is thrown when all that had begun
 * have ended: a function that returns with requests under way is frozen with them, and sends them again when it is next called.
 */
export const allEnded = async <Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> => {
  const results: Result[] = [];
  const failures: unknown[] = [];
  await pLimit(CALLS_AT_ONCE).map(items, async (item, at) => {
    if (failures.length > 0) return;
    try {
      results[at] = await work(item);
    } catch (error) {
      failures.push(error);
    }
  });
  if (failures.length > 0) throw failures[0];
  return results;
};
