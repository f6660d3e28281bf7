/** Of RFC 9110, 8.8.3 and 13.1: strong tags only, since all of ours are digests of the whole representation. */
const listed = (header: string): readonly string[] => header.split(',').map((one) => one.trim());

/** Whether `If-Match` lets a change of something with this tag (undefined: it does not exist) through. */
export const passesIfMatch = (header: string | undefined, tag: string | undefined): boolean => {
  if (header === undefined) return true;
  if (tag === undefined) return false;
  return header.trim() === '*' || listed(header).includes(tag);
};

/** Whether `If-None-Match` lets it through; a reader takes a failure for "unchanged". Weak comparison, as caches send it. */
export const passesIfNoneMatch = (header: string | undefined, tag: string | undefined): boolean => {
  if (header === undefined || tag === undefined) return true;
  return header.trim() !== '*' && !listed(header).some((one) => one.replace(/^W\//, '') === tag);
};
