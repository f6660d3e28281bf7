/**
 * Text that a peer sent, made fit for a log line, a table or a page: printable ASCII, one line, at most `limit` characters.
 * Everything else becomes `?`, so that neither terminal escapes nor direction marks nor line breaks get through.
 */
export const printable = (text: string, limit: number): string => {
  // Cut before replacing: a hostile text can be megabytes long.
  const safe = text.slice(0, limit + 1).replace(/[^\x20-\x7e]/g, '?');
  return safe.length <= limit ? safe : `${safe.slice(0, limit - 3)}...`;
};
