const DEFAULT_LIMIT = 100;
const HIGHEST_LIMIT = 500;

/** Entries of one page: 1 to 500, 100 when nothing is said; undefined for anything else. */
export const pageLimit = (text: string | undefined): number | undefined => {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= HIGHEST_LIMIT ? limit : undefined;
};
