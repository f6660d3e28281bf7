/**
 * A head is read after the listing, and the master may have changed in between: then head and directories are of two different
 * states, and a manifest of both would call mirrors current or stale that are not. A head belongs to the listing when nothing
 * speaks against it: not the digest or the size that the listing gave, not a time that both tell, and not an age so small that
 * the file was changed while the scan ran. A head that does not belong is not used; its repository stays as it was and is read
 * again by the next scan.
 */
import type { ListedFile } from './master-entry.ts';

export interface HeadRead {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly modifiedSeconds: number | undefined;
  /**
   * How long ago it was modified, by the clock of whoever served it. `undefined`: its time and the listing's are the same field of
   * the same file, so that they must be equal; otherwise a different time proves nothing by itself (object stores tell the time
   * of the upload, time lists that of the last chmod).
   */
  readonly ageMs: number | undefined;
}

/** Times in HTTP are whole seconds. */
const CLOCK_GRAIN_MS = 1_000;

/** Why a head does not belong to the listing; `undefined` when it does. `scanRunsMs`: since before the listing began. */
export const headMismatch = (
  listed: ListedFile,
  listedSha256: string | undefined,
  read: HeadRead,
  scanRunsMs: number,
): string | undefined => {
  if (listedSha256 !== undefined) return listedSha256 === read.sha256 ? undefined : 'its digest is not the listed one';
  if (read.sizeBytes !== listed.sizeBytes) return `it has ${read.sizeBytes} bytes, not the listed ${listed.sizeBytes}`;
  if (read.modifiedSeconds === undefined || read.modifiedSeconds === listed.modifiedSeconds) return undefined;
  if (read.ageMs === undefined) return 'its time is not the listed one';
  return read.ageMs > scanRunsMs + CLOCK_GRAIN_MS ? undefined : 'it was changed while the scan ran';
};
