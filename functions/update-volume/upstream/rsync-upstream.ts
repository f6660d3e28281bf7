import type { Sha256 } from '#domain/volume/tree.ts';
import type { WantedFile } from '#domain/volume/upstream/wanted-file.ts';
import type { FileLister, ListedEntry, Listing } from '#ports/file-lister.ts';
import { UpdateStopped } from '../update-stopped.ts';
import { TIME_IS_OVER, type UpstreamSession } from '../upstream-session.ts';
import { listedFiles, type UpstreamReader } from './upstream-reader.ts';

export interface RsyncUpstreamDeps {
  readonly lister: FileLister;
  readonly session: Pick<UpstreamSession, 'leftMs'>;
  readonly hash: (bytes: Uint8Array) => Sha256;
}

/** Written by rsync itself, and never content. */
const EXCLUDES = ['.~tmp~', '*.~tmp~', '.snapshot'];
/** The owner may run it: the one bit of a mode that a tree keeps. */
const OWNER_RUNS = 0o100;

const stopped = (listing: Listing): UpdateStopped | undefined => {
  switch (listing.kind) {
    case 'complete':
      return undefined;
    case 'stopped':
      return new UpdateStopped('paused', TIME_IS_OVER);
    case 'broken':
      return new UpdateStopped(listing.cause === 'protocol' ? 'upstream_broken' : 'upstream_unreachable', listing.reason);
    default:
      return new UpdateStopped('upstream_unreachable', listing.reason);
  }
};

const wantedFile = ({ path, sizeBytes, modifiedSeconds, mode }: ListedEntry): WantedFile => ({
  path,
  sizeBytes,
  mark: String(modifiedSeconds),
  mode: (mode & OWNER_RUNS) === 0 ? 'file' : 'executable',
});

/**
 * A module of an rsync daemon. Its list says sizes and times and no hashes, so all of it together is the head. Links are passed over:
 * a tree has none, and a list does not say where they lead.
 */
export const rsyncUpstream = (
  { lister, session, hash }: RsyncUpstreamDeps,
  url: string,
  excludes: readonly string[],
): UpstreamReader => ({
  confirm: 'in-the-end',
  list: async (known) => {
    const wanted = listedFiles(excludes);
    const signal = AbortSignal.timeout(Math.max(1, session.leftMs()));
    const listing = await lister.list(
      url,
      (entry) => {
        if (entry.kind === 'file') wanted.add(wantedFile(entry));
      },
      { excludes: EXCLUDES, signal },
    );
    const trouble = stopped(listing);
    if (trouble !== undefined) throw trouble;
    const lines = [...wanted.files.values()].map(({ path, sizeBytes, mark, mode }) =>
      JSON.stringify([path, sizeBytes, mark, mode]),
    );
    const sha256 = hash(new TextEncoder().encode(lines.toSorted().join('\n')));
    if (known[0]?.sha256 === sha256) return 'same';
    return { heads: [{ path: '', sha256 }], files: wanted.files };
  },
});
