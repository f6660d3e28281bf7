import { fileUrl } from '#domain/crawl/file-url.ts';
import type { Sha256 } from '#domain/volume/tree.ts';
import type { UpstreamHead } from '#domain/volume/upstream/upstream-check.ts';
import { contentProblem, type WantedFile } from '#domain/volume/upstream/wanted-file.ts';
import type { Digester } from '#ports/digester.ts';
import type { VolumeObjects } from '#ports/volume-objects.ts';
import { broken } from '../update-stopped.ts';
import type { UpstreamSession } from '../upstream-session.ts';

export interface ReadHead {
  readonly bytes: Uint8Array;
  readonly head: UpstreamHead;
  readonly file: WantedFile;
}

/** The small files of an upstream that say what there is. What is read is stored at once: the release will have it. */
export interface UpstreamFiles {
  /** `same`: as it is known. Undefined: not there. */
  readonly head: (path: string, most: number, known: readonly UpstreamHead[]) => Promise<ReadHead | 'same' | undefined>;
  /** A head that is `same`, to read it nevertheless. */
  readonly knownHead: (head: UpstreamHead, most: number) => Promise<ReadHead>;
  /** A file that nothing lists, such as a signature. */
  readonly unlisted: (path: string) => Promise<WantedFile | undefined>;
  /** A file as upstream describes it; from the store, if it is there. */
  readonly document: (file: WantedFile, most: number) => Promise<Uint8Array>;
  readonly exists: (path: string) => Promise<boolean>;
}

export interface UpstreamFilesDeps {
  readonly session: UpstreamSession;
  readonly objects: Pick<VolumeObjects, 'read' | 'put'>;
  readonly digester: Digester;
  readonly hash: (bytes: Uint8Array) => Sha256;
}

/** What is remembered of a head is small; a longer tag is no use to anybody. */
const LONGEST_TAG = 256;
/** A signature, or a public key. */
const MOST_UNLISTED_BYTES = 1_048_576;

export const urlOf = (top: string, { path, from, url }: Pick<WantedFile, 'path' | 'from' | 'url'>): string => {
  const found = url ?? fileUrl(top, from ?? path);
  if (found === undefined) throw broken(JSON.stringify(path), 'is no Unicode');
  return found;
};

const tag = (written: string | undefined): string | undefined =>
  written === undefined || written === '' || written.length > LONGEST_TAG ? undefined : written;

/** Servers make tags of size and time: within a second two states of a file may have one (RFC 9110, 8.8.2.2). */
const SETTLED_MS = 2_000;

/** What to ask by whether the file changed; nothing while it may still change without notice. */
const validatorsOf = (headers: Readonly<Record<string, string | undefined>>): Pick<UpstreamHead, 'etag' | 'lastModified'> => {
  const [etag, lastModified] = [tag(headers['etag']), tag(headers['last-modified'])];
  const ageMs = Date.parse(headers['date'] ?? '') - Date.parse(lastModified ?? '');
  if (ageMs < SETTLED_MS) return {};
  return { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) };
};

const conditions = (known: UpstreamHead | undefined): Readonly<Record<string, string>> => ({
  // Caches on the way are asked to look again.
  'cache-control': 'no-cache',
  ...(known?.etag === undefined ? {} : { 'if-none-match': known.etag }),
  ...(known?.lastModified === undefined || known.etag !== undefined ? {} : { 'if-modified-since': known.lastModified }),
});

const fileOf = ({ path, sha256 }: UpstreamHead, bytes: Uint8Array): WantedFile => ({
  path,
  sha256,
  sizeBytes: bytes.length,
  mode: 'file',
});

export const upstreamFiles = ({ session, objects, digester, hash }: UpstreamFilesDeps, top: string): UpstreamFiles => {
  const stored = async (bytes: Uint8Array): Promise<Sha256> => {
    const sha256 = hash(bytes);
    await objects.put(sha256, bytes);
    return sha256;
  };
  const digestOf = ({ digest }: WantedFile, bytes: Uint8Array): WantedFile['digest'] => {
    if (digest === undefined) return undefined;
    const running = digester(digest.algorithm);
    running.update(bytes);
    return { algorithm: digest.algorithm, hex: running.hex() };
  };
  const document: UpstreamFiles['document'] = async (file, most) => {
    if ((file.sizeBytes ?? 0) > most) throw broken(file.path, `is larger than ${most} bytes`);
    const kept = file.sha256 === undefined ? undefined : await objects.read(file.sha256, most);
    if (kept !== undefined) return kept;
    const answer = await session.get(urlOf(top, file), file.sizeBytes ?? most);
    if (answer === undefined) throw broken(file.path, 'is listed and not there');
    const received = { sha256: hash(answer.body), sizeBytes: answer.body.length };
    const problem = contentProblem(file, received, digestOf(file, answer.body));
    if (problem !== undefined) throw broken(file.path, problem);
    await objects.put(received.sha256, answer.body);
    return answer.body;
  };

  return {
    document,
    head: async (path, most, known) => {
      const before = known.find((head) => head.path === path);
      const answer = await session.get(urlOf(top, { path }), most, conditions(before));
      if (answer === undefined) return undefined;
      if (answer.status === 304) return 'same';
      const sha256 = await stored(answer.body);
      if (sha256 === before?.sha256) return 'same';
      const head = { path, sha256, ...validatorsOf(answer.headers) };
      return { bytes: answer.body, head, file: fileOf(head, answer.body) };
    },
    knownHead: async (head, most) => {
      const bytes = await document({ path: head.path, sha256: head.sha256, mode: 'file' }, most);
      return { bytes, head, file: fileOf(head, bytes) };
    },
    unlisted: async (path) => {
      const answer = await session.get(urlOf(top, { path }), MOST_UNLISTED_BYTES);
      if (answer === undefined) return undefined;
      return { path, sha256: await stored(answer.body), sizeBytes: answer.body.length, mode: 'file' };
    },
    exists: (path) => session.exists(urlOf(top, { path })),
  };
};
