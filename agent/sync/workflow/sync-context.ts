import type { Outcome } from '../../update/workflow/outcome.ts';
import type { SyncConfig } from '../config/sync-config.ts';
import type { SyncHandle, SyncService } from '../service/sync-service.ts';
import type { SyncRunState, SyncStateFile } from '../state/sync-state.ts';
import type { Signals } from './signals.ts';
import type { SyncReport } from './sync-report.ts';

/** What the workflow touches the world through. */
export interface SyncContext {
  readonly config: SyncConfig;
  readonly category: string;
  /** The command; in additive mode two may be given, the second of which may remove files. */
  readonly commands: readonly (readonly string[])[];
  readonly states: SyncStateFile;
  /** Inherited by the command and all that it starts. */
  readonly commandLockFile: string;
  /** Gives up at the first wish to stop. */
  readonly asking: SyncService;
  /** Gives up at the second: ends. */
  readonly telling: SyncService;
  /** One attempt per call. */
  readonly beating: SyncService;
  readonly report: SyncReport;
  readonly signals: Signals;
  /** Of a clock that nobody sets. */
  readonly nowMs: () => number;
  readonly isoNow: () => string;
  /** Ends early when the signal is aborted. */
  readonly sleep: (ms: number, stop: AbortSignal) => Promise<void>;
  readonly random: () => number;
  readonly newId: () => string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A wait came to its end. */
export type Turn =
  | { readonly kind: 'go'; readonly state: SyncRunState }
  /** It is not ours any more; another one may be begun. */
  | { readonly kind: 'lost'; readonly state: SyncRunState; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly state: SyncRunState; readonly reason: string }
  | { readonly kind: 'end'; readonly outcome: Outcome };

/** Writes the state and returns it. */
export function save(context: SyncContext, state: SyncRunState): SyncRunState {
  context.states.write(state);
  return state;
}

/** The names that the service knows it by, once it does. */
export const handleOf = ({ syncId, fence }: SyncRunState): SyncHandle | undefined =>
  syncId === undefined || fence === undefined ? undefined : { syncId, fence };

/** A little more than asked for, so that hosts that were refused together do not come back together. */
export const jittered = (context: SyncContext, ms: number): number => ms * (1 + context.random() / 10);
