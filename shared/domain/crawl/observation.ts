/**
 * An observation is what is known of one host in one category: how its protocols answer, which heads it serves and which
 * directories differ from the master's. Facts are kept apart from the observation and named by their content, since most mirrors
 * hold the same facts; the observation names them. Unknown is neither good nor bad: a fact carries the time it was last proved,
 * and a directory nobody proved is listed with those that differ.
 */
import type { CategoryId, EpochMs, HostId } from '../inventory/inventory.ts';
import type { DirectoryId, Generation } from '../master/manifest.ts';

export type Protocol = 'https' | 'http' | 'rsync';
/** Cheapest first; each includes what the ones before it prove. */
export type CheckKind = 'reach' | 'heads' | 'sample' | 'full';
export type HealthState = 'ok' | 'down' | 'unknown';

/** What was seen, for people: an operator must be able to repeat it. */
export interface Evidence {
  readonly atMs: EpochMs;
  readonly url: string;
  /** Short, printable, at most 200 characters: `HTTP 503`, `connection refused`, `repomd.xml sha256 4be1… is 3 generations old`. */
  readonly text: string;
}

/** Health of one protocol on one host, with the memory that hysteresis needs. */
export interface ProtocolHealth {
  readonly protocol: Protocol;
  readonly state: HealthState;
  readonly sinceMs: EpochMs;
  readonly consecutiveFailures: number;
  readonly consecutiveSuccesses: number;
  readonly lastOkMs: EpochMs | undefined;
  readonly evidence: Evidence;
}

export type HeadSeen =
  | { readonly kind: 'digest' /** sha256, hex. */; readonly sha256: string }
  /** The mirror answered, and the file is not there or is not a head file. */
  | { readonly kind: 'absent' };

/** What a mirror holds; equal facts of different hosts are one object. */
export interface Facts {
  readonly category: CategoryId;
  /** Keyed by head path relative to the category. A head that was never read is not in the map. */
  readonly heads: Readonly<Record<string, HeadSeen>>;
  /** Directories that differ from the master or were not proved since they changed, ascending. */
  readonly excluded: readonly DirectoryId[];
}

/** Content name of a facts object: sha256 hex of its printed form. */
export type FactsName = string;

/** What a private host said of itself; see `shared/domain/check-in`. */
export interface CheckInSeen {
  /** Since when it checks in without a pause that made it too old. */
  readonly sinceMs: EpochMs;
  readonly lastMs: EpochMs;
}

export interface Observation {
  readonly host: HostId;
  readonly category: CategoryId;
  /** Manifest generation the facts were compared with; 0 before the first comparison. */
  readonly generation: Generation;
  readonly facts: FactsName | undefined;
  readonly health: readonly ProtocolHealth[];
  /** When each kind of check last ended with an answer from the mirror. */
  readonly checkedMs: Readonly<Partial<Record<CheckKind, EpochMs>>>;
  /** Directories still to be proved by later checks. */
  readonly unproven: number;
  /** Repositories whose newest head the mirror did not serve at the last comparison; absent: not known. */
  readonly behind?: number | undefined;
  /** Absent: the host never checked in with a state of its own. */
  readonly checkIn?: CheckInSeen | undefined;
  /** Not before this moment, because the mirror asked so (Retry-After) or because it failed. */
  readonly notBeforeMs: EpochMs;
  readonly evidence: readonly Evidence[];
}
