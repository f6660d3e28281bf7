/**
 * One range of bytes (RFC 9110, 14.1.2). A server may ignore `Range`, and this one does for several ranges at once, for other
 * units and for what does not parse: the client then gets all of it, which is always correct. A range beyond the end is refused,
 * since a client that resumes a download of something that became shorter must learn of it.
 */

export type ByteRange =
  | { readonly kind: 'all' }
  | { readonly kind: 'part'; readonly start: number; readonly endExclusive: number }
  | { readonly kind: 'unsatisfiable' };

const ALL: ByteRange = { kind: 'all' };
const UNSATISFIABLE: ByteRange = { kind: 'unsatisfiable' };

export const byteRange = (header: string | undefined, sizeBytes: number): ByteRange => {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return ALL;
  if (first === '') {
    const wanted = Math.min(Number(last), sizeBytes);
    return wanted === 0 ? UNSATISFIABLE : { kind: 'part', start: sizeBytes - wanted, endExclusive: sizeBytes };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return ALL;
  if (start >= sizeBytes) return UNSATISFIABLE;
  return { kind: 'part', start, endExclusive: last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes) };
};
