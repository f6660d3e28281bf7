import { offersHttp } from '#domain/crawl/carriage.ts';
import type { CheckKind, Evidence } from '#domain/crawl/observation.ts';
import type { CheckReport, CrawlSubject, SeenBefore } from '#domain/crawl/observe.ts';
import { chooseDirectories, chooseHeads } from '#domain/crawl/sample.ts';
import { waitingDirectories } from '#domain/crawl/waiting.ts';
import { type HeadProof, NO_PROOFS, nextFacts, type Proofs } from '#domain/freshness/facts.ts';
import type { CrawlPolicy, EpochMs } from '#domain/inventory/inventory.ts';
import type { Clock } from '#ports/clock.ts';
import type { FileLister } from '#ports/file-lister.ts';
import type { HttpPeer } from '#ports/http-peer.ts';
import { type HttpSession, httpSession } from './http-session.ts';
import { type HttpReach, reachHttp, readDirectories, readHeads } from './probe-http.ts';
import { listRsync, type RsyncListing } from './probe-rsync.ts';

export interface Peers {
  readonly http: HttpPeer;
  readonly lister: FileLister;
}

interface Check {
  readonly session: HttpSession;
  readonly subject: CrawlSubject;
  readonly before: SeenBefore | undefined;
  readonly check: CheckKind;
  readonly atMs: EpochMs;
}

interface Content {
  readonly proofs: Proofs;
  readonly answered: boolean;
  readonly waiting: number;
  readonly evidence: readonly Evidence[];
}

interface HeadsSeen {
  readonly proofs: ReadonlyMap<string, HeadProof>;
  readonly evidence: readonly Evidence[];
  readonly answered: boolean;
}

/** Heads over HTTP, also those that were read for reach. Answered when most of those asked for were. */
const headsOverHttp = async (
  { session, subject, before, check, atMs }: Check,
  { baseUrl, heads }: HttpReach,
): Promise<HeadsSeen> => {
  if (baseUrl === undefined) return { proofs: heads, evidence: [], answered: false };
  // Half is left for files, else a category with more heads than requests would never get to them.
  const share = check === 'sample' || check === 'full' ? Math.floor(session.left() / 2) : session.left();
  const rotation = {
    budget: share + heads.size,
    slot: Math.floor(atMs / Math.max(1, subject.schedule.headsMs)),
    name: subject.host,
  };
  const chosen = chooseHeads(subject.coverage, before?.compared?.facts, rotation);
  const wanted = chosen.filter(({ headPath }) => !heads.has(headPath));
  const read = await readHeads(session, baseUrl, wanted, atMs);
  const answered = 2 * read.proofs.size >= wanted.length;
  return { proofs: new Map([...heads, ...read.proofs]), evidence: read.evidence, answered };
};

const headsOf = async (check: Check, reach: HttpReach, listing: RsyncListing | undefined): Promise<HeadsSeen> => {
  if (offersHttp(check.subject.carriage)) return await headsOverHttp(check, reach);
  const complete = listing?.complete ?? false;
  return { proofs: listing?.comparison.heads(complete) ?? new Map(), evidence: [], answered: complete };
};

/**
 * What the mirror holds: heads first, then directories, by one rsync listing where there is one, else by sampled files. What
 * waits is counted against the facts as the heads just left them.
 */
const readContent = async (check: Check, reach: HttpReach, listing: RsyncListing | undefined): Promise<Content> => {
  const { session, subject, before, atMs } = check;
  const { manifest, coverage } = subject;
  const heads = await headsOf(check, reach, listing);
  const facts = nextFacts(manifest, coverage, before?.compared, { heads: heads.proofs, directories: new Map() });
  const known = before?.compared === undefined ? undefined : { observation: before.observation, compared: before.compared };
  const waiting = waitingDirectories(manifest, coverage, known, facts);
  if (listing?.listed === true) {
    const proofs = { heads: heads.proofs, directories: listing.comparison.directories(listing.complete) };
    const answered = heads.answered || listing.complete;
    return { proofs, answered, waiting: listing.complete ? 0 : waiting.length, evidence: heads.evidence };
  }
  const sampled = check.check === 'sample' || check.check === 'full';
  const slot = Math.floor(atMs / Math.max(1, subject.schedule.sampleMs));
  const choice = chooseDirectories(coverage, facts, waiting, {
    budget: sampled && reach.baseUrl !== undefined ? session.left() : 0,
    slot,
    name: subject.host,
  });
  const read = await readDirectories(session, reach.baseUrl ?? '', choice.directories, atMs);
  // A mirror that asked us to stop was not asked: those go on waiting.
  const asked = session.notBeforeMs() === undefined ? choice.waited : 0;
  return {
    proofs: { heads: heads.proofs, directories: read.proofs },
    answered: heads.answered,
    waiting: waiting.length - asked,
    evidence: [...heads.evidence, ...read.evidence],
  };
};

const latest = (...moments: readonly (EpochMs | undefined)[]): EpochMs | undefined => {
  const named = moments.filter((moment) => moment !== undefined);
  return named.length === 0 ? undefined : Math.max(...named);
};

/** Asks one mirror, within the network's bounds, and says what it answered. Never throws for anything a mirror does. */
export const checkMirror = async (
  peers: Peers,
  clock: Clock,
  policy: CrawlPolicy,
  subject: CrawlSubject,
  before: SeenBefore | undefined,
  check: CheckKind,
  budgetMs: number,
): Promise<CheckReport> => {
  const atMs = clock.now();
  const deadlineMs = atMs + budgetMs;
  const session = httpSession(peers.http, clock, {
    requests: policy.requestsPerCheck,
    connections: policy.connectionsPerHost,
    deadlineMs,
  });
  const reach = await reachHttp(session, subject, before?.compared?.facts, atMs);
  const depth = check === 'full' ? 'whole' : 'shallow';
  const listing = await listRsync(peers.lister, subject, depth, atMs, Math.max(1, deadlineMs - clock.now()));
  const protocols = [...reach.outcomes, ...(listing === undefined ? [] : [listing.outcome])];
  const whole = check === 'full' ? listing : undefined;
  // Reach alone compares nothing, and neither does a check whose heads and files nobody answered for.
  const compares = check !== 'reach' && (reach.baseUrl !== undefined || whole?.outcome.kind === 'ok');
  const content = compares ? await readContent({ session, subject, before, check, atMs }, reach, whole) : undefined;
  return {
    check,
    atMs,
    protocols,
    compares,
    answered: content?.answered ?? (check === 'reach' && protocols.some(({ kind }) => kind === 'ok')),
    proofs: content?.proofs ?? NO_PROOFS,
    waiting: content?.waiting ?? 0,
    notBeforeMs: latest(session.notBeforeMs(), listing?.notBeforeMs),
    evidence: content?.evidence ?? protocols.filter(({ kind }) => kind === 'failed').map(({ evidence }) => evidence),
  };
};
