import { WireError } from '#domain/errors.ts';
import { headMismatch } from '#domain/master/head-consistency.ts';
import type { FileHashes } from '#domain/master/manifest.ts';
import type { ListedFile } from '#domain/master/master-entry.ts';
import type { HeadOutcome } from '#domain/master/settle-repositories.ts';
import type { MasterReader } from '#ports/master-reader.ts';
import { parseReleaseFile } from '#wire/release-file.ts';
import { parseRepomd } from '#wire/repomd.ts';

export const MAX_HEAD_BYTES = 10_485_760;
/** A master of our own bears more, one on the far side of the world is happy with this. */
const PARALLEL = 8;

export interface HeadToRead {
  readonly path: string;
  readonly listed: ListedFile;
  /** sha256 of the master's own list. */
  readonly listedSha256: string | undefined;
}

export interface ReadHeadsDeps {
  readonly reader: Pick<MasterReader, 'readFile'>;
  readonly hashes: (bytes: Uint8Array) => FileHashes;
  /** Since before the listing began. */
  readonly scanRunsMs: () => number;
}

type Described = { readonly timestampSeconds: number; readonly architectures: readonly string[] };

/** What a head says of itself; its name tells its kind. */
const describe = (path: string, bytes: Uint8Array, listed: ListedFile): Described => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name === 'repomd.xml') return { timestampSeconds: parseRepomd(bytes).timestampSeconds, architectures: [] };
  if (name === 'InRelease' || name === 'Release') return parseReleaseFile(bytes);
  return { timestampSeconds: Math.max(0, listed.modifiedSeconds), architectures: [] };
};

const held = (reason: string): HeadOutcome => ({ kind: 'held', reason });

const readHead = async (deps: ReadHeadsDeps, { path, listed, listedSha256 }: HeadToRead): Promise<HeadOutcome> => {
  const file = await deps.reader.readFile(path, MAX_HEAD_BYTES);
  if (file.kind === 'failed') return held(file.reason);
  if (file.kind !== 'read') return held(file.kind === 'absent' ? 'it is listed and not there' : 'it is too large for a head');
  const hashes = deps.hashes(file.bytes);
  const sizeBytes = file.bytes.length;
  const { modifiedSeconds, ageMs } = file;
  const read = { sizeBytes, sha256: hashes.sha256, modifiedSeconds, ageMs };
  const mismatch = headMismatch(listed, listedSha256, read, deps.scanRunsMs());
  if (mismatch !== undefined) return held(mismatch);
  try {
    const { timestampSeconds, architectures } = describe(path, file.bytes, listed);
    return { kind: 'head', head: { sizeBytes, timestampSeconds, hashes }, architectures };
  } catch (error) {
    if (error instanceof WireError) return held(error.message);
    throw error;
  }
};

/** Reads heads, a few at a time; every one has an outcome, by its path. */
export const readHeads = async (deps: ReadHeadsDeps, heads: readonly HeadToRead[]): Promise<ReadonlyMap<string, HeadOutcome>> => {
  const outcomes = new Map<string, HeadOutcome>();
  const waiting = heads.values();
  const worker = async (): Promise<void> => {
    for (const head of waiting) outcomes.set(head.path, await readHead(deps, head));
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, heads.length) }, worker));
  return outcomes;
};
