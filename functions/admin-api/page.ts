const DEFAULT_LIMIT = 100;
const HIGHEST_LIMIT = 500;
/** A function's reply ends at 6 MB, and a character is up to three bytes of it. */
const MOST_CHARACTERS = 1_500_000;

/** Entries of one page: 1 to 500, 100 when nothing is said; undefined for anything else. */
export const pageLimit = (text: string | undefined): number | undefined => {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= HIGHEST_LIMIT ? limit : undefined;
};

/** The first of these, at least one, that a page has room for. */
export const firstPage = <Item>(items: readonly Item[], limit: number): readonly Item[] => {
  let characters = 0;
  const page: Item[] = [];
  for (const item of items.slice(0, limit)) {
    characters += JSON.stringify(item).length;
    if (page.length > 0 && characters > MOST_CHARACTERS) break;
    page.push(item);
  }
  return page;
};
