import { S3Error } from './s3-error.ts';

export interface ByteRange {
  readonly start: number;
  readonly lengthBytes: number;
}

/** One `bytes=` range (RFC 9110 section 14). Several ranges or a malformed one give undefined: S3 then sends the whole object. */
export function byteRange(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first === '') return suffix(Number(last), sizeBytes);
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= sizeBytes) throw unsatisfiable(sizeBytes);
  const end = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  return { start, lengthBytes: end - start + 1 };
}

function suffix(wantedBytes: number, sizeBytes: number): ByteRange {
  if (wantedBytes === 0 || sizeBytes === 0) throw unsatisfiable(sizeBytes);
  const lengthBytes = Math.min(wantedBytes, sizeBytes);
  return { start: sizeBytes - lengthBytes, lengthBytes };
}

function unsatisfiable(sizeBytes: number): S3Error {
  return new S3Error('InvalidRange', 'The requested range is not satisfiable', { 'content-range': `bytes */${sizeBytes}` });
}
