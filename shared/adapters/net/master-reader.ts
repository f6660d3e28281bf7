import { WireError } from '#domain/errors.ts';
import type { Master } from '#domain/inventory/inventory.ts';
import type { FileLister, Listing } from '#ports/file-lister.ts';
import type { HttpLimits, HttpOutcome, HttpPeer } from '#ports/http-peer.ts';
import type { MasterListing, MasterListingSink, MasterReader } from '#ports/master-reader.ts';
import { fullFileTimeListParser } from '#wire/fullfiletimelist.ts';
import { headsOnlyReader } from './heads-only-reader.ts';
import { directoryMasterFiles, httpMasterFiles } from './master-files.ts';
import { printable } from './printable.ts';

export interface MasterReaderDeps {
  readonly http: HttpPeer;
  /** For rsync:// URLs. */
  readonly rsync: FileLister;
  /** For paths of this machine. */
  readonly directories: FileLister;
}

// 12 million lines of 110 bytes, and time to fetch them at 5 MB/s.
const LIST_LIMITS: HttpLimits = {
  connectMs: 15_000,
  idleMs: 60_000,
  totalMs: 600_000,
  maxBytes: 2_147_483_648,
  maxRedirects: 5,
};
const REASON_LIMIT = 300;
/** Never content; the collector drops them too, but these need not cross the network. */
const RSYNC_EXCLUDES = ['.snapshot', '.~tmp~', '*.~tmp~'];

const toMasterListing = (listing: Listing): MasterListing => {
  switch (listing.kind) {
    case 'complete':
      return { kind: 'complete' };
    case 'partial':
    case 'broken':
      return { kind: 'partial', reason: listing.reason };
    case 'stopped':
      return { kind: 'partial', reason: 'stopped' };
    case 'refused':
      return { kind: 'refused', reason: listing.reason };
    case 'unreachable':
      return { kind: 'unreachable', reason: listing.reason };
  }
};

/** `undefined` for what lies outside the prefix. */
const withoutPrefix = (path: string, prefix: string): string | undefined => {
  if (prefix === '') return path;
  if (path.startsWith(prefix)) return path.slice(prefix.length);
  return `${path}/` === prefix ? '' : undefined;
};

const listingOfStream = (outcome: HttpOutcome, receivedBytes: number): MasterListing | undefined => {
  if (outcome.kind === 'failed') return { kind: receivedBytes > 0 ? 'partial' : 'unreachable', reason: outcome.reason };
  return outcome.status === 200 ? undefined : { kind: 'refused', reason: `HTTP ${outcome.status}` };
};

type TimeListMaster = Extract<Master, { kind: 'fullfiletimelist' }>;

const listTimeList = async (http: HttpPeer, master: TimeListMaster, sink: MasterListingSink): Promise<MasterListing> => {
  const inCategory = (path: string, use: (path: string) => void): void => {
    const relative = withoutPrefix(path, master.stripPrefix);
    if (relative !== undefined) use(relative);
  };
  const parser = fullFileTimeListParser({
    entry: (entry) => inCategory(entry.path, (path) => sink.entry({ ...entry, path })),
    sha256: (path, hex) => inCategory(path, (relative) => sink.digest(relative, hex)),
  });
  let receivedBytes = 0;
  try {
    const outcome = await http.stream({ method: 'GET', url: master.listUrl, limits: LIST_LIMITS }, (chunk) => {
      receivedBytes += chunk.length;
      parser.push(chunk);
    });
    const trouble = listingOfStream(outcome, receivedBytes);
    if (trouble !== undefined) return trouble;
  } catch (error) {
    if (error instanceof WireError) return { kind: 'partial', reason: printable(error.message, REASON_LIMIT) };
    throw error;
  }
  return parser.end().kind === 'complete' ? { kind: 'complete' } : { kind: 'partial', reason: 'the list has no [End]' };
};

/** The reader for one master, whatever its kind. Made once per scan: a `heads-only` reader keeps what its listing fetched. */
export const masterReader = (master: Master, { http, rsync, directories }: MasterReaderDeps): MasterReader => {
  switch (master.kind) {
    case 'directory':
      return {
        list: async (sink) => toMasterListing(await directories.list(master.path, (entry) => sink.entry(entry))),
        readFile: directoryMasterFiles(master.path),
      };
    case 'rsync':
      return {
        list: async (sink) =>
          toMasterListing(await rsync.list(master.url, (entry) => sink.entry(entry), { excludes: RSYNC_EXCLUDES })),
        readFile: httpMasterFiles(http, master.headsUrl),
      };
    case 'fullfiletimelist':
      return { list: (sink) => listTimeList(http, master, sink), readFile: httpMasterFiles(http, master.headsUrl) };
    case 'heads-only':
      return headsOnlyReader(master, http);
  }
};
