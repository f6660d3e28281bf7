/**
 * Whether a host may return after a synchronisation, judged by a check that began after it ended. It may when at least one of its
 * protocols works, the check compared it with the present manifest, it shows something of the category, and nothing that it held
 * when it was last in service is now missing or unknown. It need not be newer than before: a synchronisation that failed before it
 * changed anything leaves a good mirror. What the check could not learn decides nothing, so that a host is neither let in nor condemned
 * by a time-out. OpenStack's repo_server returned replicas whose rsync had ended with partial content; that is what this is against.
 */
import type { Facts, HeadSeen } from '../crawl/observation.ts';
import type { CheckReport } from '../crawl/observe.ts';
import type { Coverage, HeadTree } from '../freshness/coverage.ts';
import { differsEverywhere } from '../freshness/differs-everywhere.ts';
import type { ComparedFacts } from '../freshness/facts.ts';
import type { Carriage } from '../inventory/inventory.ts';

export type Verdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly reason: string }
  /** Nothing was learned that decides; another check must. */
  | { readonly kind: 'undecided' };

export interface Verification {
  readonly carriage: Carriage;
  readonly coverage: Coverage;
  readonly report: Pick<CheckReport, 'protocols' | 'compares' | 'answered'>;
  /** Facts after the check, when it compared anything. */
  readonly facts: Facts | undefined;
  /** Of when the host was last in service; undefined for one that never was. */
  readonly baseline: ComparedFacts | undefined;
}

const seenIn = (facts: Facts, headPath: string): HeadSeen | undefined =>
  Object.hasOwn(facts.heads, headPath) ? facts.heads[headPath] : undefined;

const headProblem = ({ headPath, record }: HeadTree, before: Facts, now: Facts): string | undefined => {
  const [was, is] = [seenIn(before, headPath), seenIn(now, headPath)];
  if (was?.kind !== 'digest') return undefined;
  if (is?.kind !== 'digest') return `${headPath} is ${is === undefined ? 'unread' : 'gone'}`;
  const known = is.sha256 === was.sha256 || record.heads.some(({ hashes }) => hashes.sha256 === is.sha256);
  return known ? undefined : `${headPath} is none that the master had`;
};

/** A directory that was equal, that the master left as it was since, and that differs now. */
const lostDirectory = (coverage: Coverage, { generation, facts: before }: ComparedFacts, now: Facts): string | undefined => {
  const differed = new Set(before.excluded);
  for (const id of now.excluded) {
    const directory = coverage.directories.get(id);
    if (directory?.readable === true && directory.changedIn <= generation && !differed.has(id)) {
      return `${directory.path === '' ? 'the top directory' : directory.path} no longer holds what it held`;
    }
  }
  return undefined;
};

const regression = (coverage: Coverage, baseline: ComparedFacts | undefined, now: Facts): string | undefined => {
  if (baseline === undefined) return undefined;
  for (const tree of coverage.trees) {
    const problem = headProblem(tree, baseline.facts, now);
    if (problem !== undefined) return problem;
  }
  return lostDirectory(coverage, baseline, now);
};

export const verify = ({ carriage, coverage, report, facts, baseline }: Verification): Verdict => {
  if (!report.protocols.some(({ kind }) => kind === 'ok')) {
    const failed = report.protocols.find(({ kind }) => kind === 'failed');
    if (failed === undefined) return { kind: 'undecided' };
    return { kind: 'failed', reason: `no protocol works; ${failed.protocol}: ${failed.evidence.text}` };
  }
  if (carriage.alwaysCurrent) return { kind: 'passed' };
  if (!report.compares || !report.answered || facts === undefined) return { kind: 'undecided' };
  if (differsEverywhere(facts, coverage)) return { kind: 'failed', reason: 'nothing of the category is there' };
  const lost = regression(coverage, baseline, facts);
  return lost === undefined ? { kind: 'passed' } : { kind: 'failed', reason: lost };
};
