/**
 * Folds what a check saw into what is known of a host in a category. A check that got no answer changes health and nothing else:
 * neither facts nor the moments of checking, so that facts grow old honestly. Only a check that read heads or listed files
 * counts as a comparison with the present manifest. Evidence is bounded: the latest few findings, newest first.
 */
import type { Coverage } from '../freshness/coverage.ts';
import { type ComparedFacts, isNewest, nextFacts, type Proofs } from '../freshness/facts.ts';
import { nextHealth, type ProbeOutcome } from '../freshness/health.ts';
import type { Carriage, CategoryId, CrawlSchedule, EpochMs, HostId } from '../inventory/inventory.ts';
import type { Manifest } from '../master/manifest.ts';
import { PROTOCOLS, urlsOf } from './carriage.ts';
import type { CheckKind, Evidence, Facts, Observation, ProtocolHealth } from './observation.ts';
import { failuresApartMs, retryAfterFailureMs } from './pace.ts';
import { unreadHeads } from './waiting.ts';

export interface CrawlSubject {
  readonly host: HostId;
  readonly category: CategoryId;
  readonly carriage: Carriage;
  readonly schedule: CrawlSchedule;
  readonly manifest: Manifest;
  readonly coverage: Coverage;
}

export interface SeenBefore {
  readonly observation: Observation;
  /** `undefined` while nothing was compared yet, or when the facts object is gone. */
  readonly compared: ComparedFacts | undefined;
}

export interface CheckReport {
  readonly check: CheckKind;
  readonly atMs: EpochMs;
  /** One for each protocol that was tried. */
  readonly protocols: readonly ProbeOutcome[];
  /** Most of the heads or files that were asked for were answered: the check counts as done. */
  readonly answered: boolean;
  /** Heads or files were read: the mirror was compared with the present manifest. */
  readonly compares: boolean;
  readonly proofs: Proofs;
  /** Loose directories that wait for their first comparison after this check. */
  readonly waiting: number;
  /** The moment that the mirror named, if it asked for patience. */
  readonly notBeforeMs: EpochMs | undefined;
  readonly evidence: readonly Evidence[];
}

export interface Observed {
  /** Its `facts` still names the facts before the check. */
  readonly observation: Observation;
  /** The facts after the check, when it compared anything. */
  readonly facts: Facts | undefined;
}

const CHECKS = ['reach', 'heads', 'sample', 'full'] as const satisfies readonly CheckKind[];
const EVIDENCE_LIMIT = 8;

const foldHealth = (subject: CrawlSubject, before: readonly ProtocolHealth[], report: CheckReport): ProtocolHealth[] => {
  const apartMs = failuresApartMs(subject.schedule);
  return PROTOCOLS.filter((protocol) => urlsOf(subject.carriage, protocol).length > 0).flatMap((protocol) => {
    const known = before.find((health) => health.protocol === protocol);
    const outcome = report.protocols.find((tried) => tried.protocol === protocol);
    if (outcome === undefined || (known === undefined && outcome.kind === 'unknown')) return known ?? [];
    return nextHealth(known, outcome, apartMs);
  });
};

/** No protocol worked, or too little was answered: not again at once. */
const pausedUntil = (subject: CrawlSubject, health: readonly ProtocolHealth[], report: CheckReport): EpochMs => {
  if (report.notBeforeMs !== undefined) return report.notBeforeMs;
  const worked = report.protocols.some(({ kind }) => kind === 'ok');
  if (worked && report.answered) return 0;
  const failures = health.map(({ consecutiveFailures }) => consecutiveFailures);
  return report.atMs + retryAfterFailureMs(subject.schedule, Math.max(1, ...failures));
};

const checkedNow = (before: Observation['checkedMs'], report: CheckReport): Observation['checkedMs'] => {
  if (!report.protocols.some(({ kind }) => kind === 'ok')) return before;
  const included = report.answered ? CHECKS.slice(0, CHECKS.indexOf(report.check) + 1) : (['reach'] as const);
  return { ...before, ...Object.fromEntries(included.map((check) => [check, report.atMs])) };
};

const behindIn = (coverage: Coverage, facts: Facts): number =>
  coverage.trees.filter((tree) => !(Object.hasOwn(facts.heads, tree.headPath) && isNewest(tree, facts.heads[tree.headPath])))
    .length;

export const observe = (subject: CrawlSubject, before: SeenBefore | undefined, report: CheckReport): Observed => {
  const { manifest, coverage } = subject;
  const known = before?.observation;
  const health = foldHealth(subject, known?.health ?? [], report);
  const facts = report.compares ? nextFacts(manifest, coverage, before?.compared, report.proofs) : undefined;
  const observation: Observation = {
    host: subject.host,
    category: subject.category,
    generation: facts === undefined ? (known?.generation ?? 0) : manifest.generation,
    facts: known?.facts,
    health,
    checkedMs: checkedNow(known?.checkedMs ?? {}, report),
    unproven: facts === undefined ? (known?.unproven ?? 0) : report.waiting + unreadHeads(coverage, facts),
    behind: facts === undefined ? known?.behind : behindIn(coverage, facts),
    ...(known?.checkIn === undefined ? {} : { checkIn: known.checkIn }),
    notBeforeMs: pausedUntil(subject, health, report),
    evidence: [...report.evidence, ...(report.compares ? [] : (known?.evidence ?? []))].slice(0, EVIDENCE_LIMIT),
  };
  return { observation, facts };
};
