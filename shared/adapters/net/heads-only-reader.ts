import { createHash } from 'node:crypto';
import type { Master } from '#domain/inventory/inventory.ts';
import { headNames } from '#domain/master/head-names.ts';
import type { HttpPeer } from '#ports/http-peer.ts';
import type { MasterFile, MasterListing, MasterListingSink, MasterReader } from '#ports/master-reader.ts';
import { httpMasterFiles } from './master-files.ts';

// As for every head.
const MAX_HEAD_BYTES = 10_485_760;
const NAMES = [...headNames('rpm'), ...headNames('apt'), ...headNames('files')];
const DIRECTORY_MODE = 0o040_755;
const FILE_MODE = 0o100_644;

type HeadsOnlyMaster = Extract<Master, { kind: 'heads-only' }>;
type ReadFile = MasterReader['readFile'];
const below = (directory: string, name: string): string => (directory === '' ? name : `${directory}/${name}`);

type Found =
  | { readonly kind: 'none' }
  | { readonly kind: 'head'; readonly path: string; readonly file: Extract<MasterFile, { kind: 'read' }> }
  | { readonly kind: 'trouble'; readonly reason: string };

/** The first head of a directory that the master does not deny. */
const findHead = async (read: ReadFile, directory: string): Promise<Found> => {
  for (const name of NAMES) {
    const path = below(directory, name);
    const file = await read(path, MAX_HEAD_BYTES);
    if (file.kind === 'absent') continue;
    if (file.kind === 'read') return { kind: 'head', path, file };
    return { kind: 'trouble', reason: `${path}: ${file.kind === 'failed' ? file.reason : 'too large for a head'}` };
  }
  return { kind: 'none' };
};

const announce = (sink: MasterListingSink, directory: string, path: string, bytes: Uint8Array, modifiedSeconds: number): void => {
  const holder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  for (const one of new Set([directory, holder])) {
    sink.entry({ path: one, kind: 'directory', sizeBytes: 0, modifiedSeconds, mode: DIRECTORY_MODE });
  }
  sink.entry({ path, kind: 'file', sizeBytes: bytes.length, modifiedSeconds, mode: FILE_MODE });
  sink.digest(path, createHash('sha256').update(bytes).digest('hex'));
};

/**
 * A master that cannot be listed at all: its listing is the repositories it was declared to have, each with its head, which is
 * fetched for that and kept for `readFile`. One that cannot be asked makes the listing partial, so that it does not seem gone.
 */
export const headsOnlyReader = (master: HeadsOnlyMaster, http: HttpPeer): MasterReader => {
  const read = httpMasterFiles(http, master.url);
  const kept = new Map<string, MasterFile>();
  const list = async (sink: MasterListingSink): Promise<MasterListing> => {
    let answered = 0;
    for (const directory of master.repositories) {
      const found = await findHead(read, directory);
      if (found.kind === 'trouble') return { kind: answered === 0 ? 'unreachable' : 'partial', reason: found.reason };
      answered += 1;
      if (found.kind === 'none') continue;
      // No time and no age: the digest is what listing and reading agree on.
      kept.set(found.path, { ...found.file, modifiedSeconds: undefined, ageMs: undefined });
      announce(sink, directory, found.path, found.file.bytes, found.file.modifiedSeconds ?? 0);
    }
    return { kind: 'complete' };
  };
  return { list, readFile: async (path) => kept.get(path) ?? { kind: 'absent' } };
};
