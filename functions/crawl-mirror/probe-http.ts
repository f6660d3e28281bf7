import { createHash } from 'node:crypto';
import { PROTOCOLS, urlsOf } from '#domain/crawl/carriage.ts';
import { fileUrl } from '#domain/crawl/file-url.ts';
import {
  describeSeen,
  type FileVerdict,
  type HttpSeen,
  judgeDirectory,
  judgeEmptyDirectory,
  judgeFile,
  judgeHead,
} from '#domain/crawl/judge.ts';
import type { Evidence, Facts, Protocol } from '#domain/crawl/observation.ts';
import type { CrawlSubject } from '#domain/crawl/observe.ts';
import { chooseReachHeads } from '#domain/crawl/sample.ts';
import type { HeadTree } from '#domain/freshness/coverage.ts';
import type { DirectoryProof, HeadProof } from '#domain/freshness/facts.ts';
import type { ProbeOutcome } from '#domain/freshness/health.ts';
import type { EpochMs } from '#domain/inventory/inventory.ts';
import type { DirectoryId, ManifestDirectory } from '#domain/master/manifest.ts';
import type { HttpSession } from './http-session.ts';

/** repomd.xml is a few kB, Debian's InRelease 150 kB; nothing that a client would accept comes near this. */
const HEAD_LIMIT_BYTES = 16_777_216;
/** Answers to HEAD have no body; a server that sends one is cut off. */
const NO_BODY_BYTES = 65_536;
/** Files that are tried before a URL counts as failed: a mirror may lack one repository. */
const REACH_TRIES = 3;

export interface HttpReach {
  readonly outcomes: readonly ProbeOutcome[];
  /** The URL that the rest of the check asks: the first that worked, https before http. */
  readonly baseUrl: string | undefined;
  /** Heads that were read on the way. */
  readonly heads: ReadonlyMap<string, HeadProof>;
}

interface ReadHead {
  readonly proof: HeadProof | undefined;
  readonly seen: HttpSeen | undefined;
  readonly url: string;
}

/**
 * The whole file, not a conditional request: a 304 would prove nothing unless the validator had been stored with the digest
 * it came with, and a head is a few kB.
 */
const readHead = async (session: HttpSession, baseUrl: string, tree: HeadTree): Promise<ReadHead> => {
  const url = fileUrl(baseUrl, tree.headPath);
  const seen = url === undefined ? undefined : await session.ask('GET', url, HEAD_LIMIT_BYTES);
  if (url === undefined || seen === undefined) return { proof: undefined, seen: undefined, url: baseUrl };
  switch (judgeHead(seen, tree.record.type)) {
    case 'unknown':
      return { proof: undefined, seen, url };
    case 'absent':
      return { proof: { kind: 'absent' }, seen, url };
    case 'head': {
      const body = seen.kind === 'answered' ? seen.body : new Uint8Array();
      return { proof: { kind: 'digest', sha256: createHash('sha256').update(body).digest('hex') }, seen, url };
    }
  }
};

const askFile = async (session: HttpSession, url: string | undefined, judge: (seen: HttpSeen) => FileVerdict) => {
  const seen = url === undefined ? undefined : await session.ask('HEAD', url, NO_BODY_BYTES);
  return { seen, verdict: seen === undefined ? ('unknown' as const) : judge(seen) };
};

interface Tried {
  readonly kind: ProbeOutcome['kind'];
  readonly evidence: Evidence;
  readonly heads: ReadonlyMap<string, HeadProof>;
}

interface Attempt {
  readonly seen: HttpSeen | undefined;
  readonly url: string;
  readonly proved: boolean;
  /** What was wrong with a 200 that proved nothing. */
  readonly flaw: string;
}

const judgeAttempt = ({ seen, url, proved, flaw }: Attempt, atMs: EpochMs): Pick<Tried, 'kind' | 'evidence'> => {
  if (seen === undefined) return { kind: 'unknown', evidence: { atMs, url, text: 'not asked' } };
  const text = seen.kind === 'answered' && seen.status === 200 && !proved ? `HTTP 200, but ${flaw}` : describeSeen(seen);
  const busy = seen.kind === 'answered' && seen.status === 429;
  const failure = busy ? 'unknown' : 'failed';
  return { kind: proved ? 'ok' : failure, evidence: { atMs, url, text } };
};

/** One file after the other until one is proved; without an answer no second try, so that a dead address costs one time-out. */
const firstProved = async (attempts: readonly (() => Promise<Attempt>)[], baseUrl: string, atMs: EpochMs) => {
  let last: Pick<Tried, 'kind' | 'evidence'> = { kind: 'unknown', evidence: { atMs, url: baseUrl, text: 'not asked' } };
  for (const attempt of attempts) {
    const result = await attempt();
    if (result.seen === undefined) return last;
    last = judgeAttempt(result, atMs);
    if (last.kind !== 'failed' || result.seen.kind === 'failed') return last;
  }
  return last;
};

const reachByHeads = async (session: HttpSession, baseUrl: string, trees: readonly HeadTree[], atMs: EpochMs): Promise<Tried> => {
  const heads = new Map<string, HeadProof>();
  const attempts = trees.map((tree) => async (): Promise<Attempt> => {
    const { proof, seen, url } = await readHead(session, baseUrl, tree);
    if (proof !== undefined) heads.set(tree.headPath, proof);
    return { seen, url, proved: proof?.kind === 'digest', flaw: 'not a head file' };
  });
  return { ...(await firstProved(attempts, baseUrl, atMs)), heads };
};

/** Categories without repositories prove their reach by a sampled file. */
const reachByFiles = async (
  session: HttpSession,
  baseUrl: string,
  directories: readonly ManifestDirectory[],
  atMs: EpochMs,
): Promise<Tried> => {
  const attempts = directories.map(({ path, sample }) => async (): Promise<Attempt> => {
    const { name = '', sizeBytes = 0 } = sample[0] ?? {};
    const url = fileUrl(baseUrl, path === '' ? name : `${path}/${name}`);
    const { seen, verdict } = await askFile(session, url, (answer) => judgeFile(answer, sizeBytes));
    return { seen, url: url ?? baseUrl, proved: verdict === 'same', flaw: `not ${sizeBytes} bytes` };
  });
  return { ...(await firstProved(attempts, baseUrl, atMs)), heads: new Map() };
};

const reachUrl = (session: HttpSession, subject: CrawlSubject, facts: Facts | undefined, baseUrl: string, atMs: EpochMs) => {
  const { coverage, manifest } = subject;
  const trees = chooseReachHeads(coverage, facts, REACH_TRIES);
  if (trees.length > 0) return reachByHeads(session, baseUrl, trees, atMs);
  const excluded = new Set(facts?.excluded);
  const candidates = manifest.directories.filter(({ readable, sample }) => readable && sample.length > 0);
  const equal = candidates.filter(({ id }) => !excluded.has(id));
  return reachByFiles(session, baseUrl, [...equal, ...candidates].slice(0, REACH_TRIES), atMs);
};

/** Health of a protocol is that of its first URL that works; the others of the same protocol are spares. */
export const reachHttp = async (
  session: HttpSession,
  subject: CrawlSubject,
  facts: Facts | undefined,
  atMs: EpochMs,
): Promise<HttpReach> => {
  const outcomes: ProbeOutcome[] = [];
  const heads = new Map<string, HeadProof>();
  let working: string | undefined;
  const protocols: readonly Protocol[] = PROTOCOLS.filter((protocol) => protocol !== 'rsync');
  for (const protocol of protocols) {
    let last: Tried | undefined;
    for (const baseUrl of urlsOf(subject.carriage, protocol)) {
      last = await reachUrl(session, subject, facts, baseUrl, atMs);
      if (last.kind !== 'ok') continue;
      if (working === undefined) for (const [path, proof] of last.heads) heads.set(path, proof);
      working ??= baseUrl;
      break;
    }
    if (last !== undefined) outcomes.push({ protocol, kind: last.kind, evidence: last.evidence });
  }
  return { outcomes, baseUrl: working, heads };
};

export interface HeadsRead {
  readonly proofs: ReadonlyMap<string, HeadProof>;
  readonly evidence: readonly Evidence[];
}

const shortName = (path: string): string => path.slice(path.lastIndexOf('/') + 1).replace(/[^\x20-\x7e]/g, '?');

const headFinding = (tree: HeadTree, { proof, seen, url }: ReadHead, atMs: EpochMs): Evidence | undefined => {
  if (seen === undefined || (proof?.kind === 'digest' && proof.sha256 === tree.newest)) return undefined;
  const name = shortName(tree.headPath).slice(0, 60);
  const known = proof?.kind === 'digest' ? tree.record.heads.findIndex(({ hashes }) => hashes.sha256 === proof.sha256) : -1;
  const what = proof?.kind === 'digest' ? `sha256 ${proof.sha256.slice(0, 12)}… ` : `${describeSeen(seen)}`;
  const age = known > 0 ? `is ${known} behind the master` : 'is not known to the master';
  return { atMs, url, text: `${name}: ${what}${proof?.kind === 'digest' ? age : ''}`.slice(0, 200) };
};

export const readHeads = async (
  session: HttpSession,
  baseUrl: string,
  trees: readonly HeadTree[],
  atMs: EpochMs,
): Promise<HeadsRead> => {
  const read = await Promise.all(trees.map(async (tree) => ({ tree, result: await readHead(session, baseUrl, tree) })));
  const proofs = new Map<string, HeadProof>();
  const evidence: Evidence[] = [];
  for (const { tree, result } of read) {
    if (result.proof !== undefined) proofs.set(tree.headPath, result.proof);
    const finding = headFinding(tree, result, atMs);
    if (finding !== undefined) evidence.push(finding);
  }
  return { proofs, evidence };
};

export interface DirectoriesRead {
  readonly proofs: ReadonlyMap<DirectoryId, DirectoryProof>;
  readonly evidence: readonly Evidence[];
}

const readDirectory = async (session: HttpSession, baseUrl: string, directory: ManifestDirectory, atMs: EpochMs) => {
  const { path, sample } = directory;
  if (sample.length === 0) {
    const url = fileUrl(baseUrl, path === '' ? '' : `${path}/`);
    const { seen, verdict } = await askFile(session, url, judgeEmptyDirectory);
    return { directory, verdict, finding: { atMs, url: url ?? baseUrl, text: seen === undefined ? '' : describeSeen(seen) } };
  }
  const files = await Promise.all(
    sample.map(async ({ name, sizeBytes }) => {
      const url = fileUrl(baseUrl, path === '' ? name : `${path}/${name}`);
      const { seen, verdict } = await askFile(session, url, (answer) => judgeFile(answer, sizeBytes));
      const length = seen?.kind === 'answered' && seen.status === 200 ? `, not ${sizeBytes} bytes` : '';
      return {
        verdict,
        finding: { atMs, url: url ?? baseUrl, text: seen === undefined ? '' : `${describeSeen(seen)}${length}` },
      };
    }),
  );
  const verdict = judgeDirectory(files.map((file) => file.verdict));
  const finding = files.find((file) => file.verdict === 'differs')?.finding ?? { atMs, url: baseUrl, text: '' };
  return { directory, verdict, finding };
};

export const readDirectories = async (
  session: HttpSession,
  baseUrl: string,
  directories: readonly ManifestDirectory[],
  atMs: EpochMs,
): Promise<DirectoriesRead> => {
  const read = await Promise.all(directories.map((directory) => readDirectory(session, baseUrl, directory, atMs)));
  const proofs = new Map<DirectoryId, DirectoryProof>();
  for (const { directory, verdict } of read) if (verdict !== 'unknown') proofs.set(directory.id, verdict);
  return { proofs, evidence: read.filter(({ verdict }) => verdict === 'differs').map(({ finding }) => finding) };
};
