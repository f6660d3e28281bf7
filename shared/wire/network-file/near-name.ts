/** Longer names are compared by their beginning only, which bounds the work on hostile input. */
const LONGEST = 64;

/** Edits (insert, delete, replace, swap of neighbours) between two texts; optimal string alignment. */
const editDistance = (left: string, right: string): number => {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const cost = left[row - 1] === right[column - 1] ? 0 : 1;
      const swapped = row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      current[column] = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + cost,
        swapped ? (beforePrevious[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[right.length] ?? 0;
};

/** The known name that somebody probably meant: at most a third of its letters differ, upper and lower case count as equal. */
export const nearName = (typed: string, known: Iterable<string>): string | undefined => {
  const wanted = typed.slice(0, LONGEST).toLowerCase();
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const name of known) {
    const limit = Math.max(1, Math.floor(Math.min(name.length, LONGEST) / 3));
    if (Math.abs(name.length - typed.length) > limit) continue;
    const distance = editDistance(wanted, name.slice(0, LONGEST).toLowerCase());
    if (distance <= limit && distance < (best?.distance ?? Number.POSITIVE_INFINITY)) best = { name, distance };
  }
  return best?.name;
};

/** `, did you mean \`country\`?` or nothing. */
export const suggestion = (typed: string, known: Iterable<string>): string => {
  const name = nearName(typed, known);
  return name === undefined ? '' : `, did you mean \`${name}\`?`;
};
