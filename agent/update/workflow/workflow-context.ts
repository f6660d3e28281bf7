import type { RunLog } from '../../log/run-log.ts';
import type { LockService } from '../../service/lock-service.ts';
import type { InterruptedPolicy, UpdateConfig } from '../config/update-config.ts';
import type { StateFile } from '../state/state-file.ts';
import type { UpdateState } from '../state/update-state.ts';
import type { Outcome } from './outcome.ts';

/** What the workflow touches the world through. */
export interface WorkflowContext {
  readonly config: UpdateConfig;
  readonly states: StateFile;
  readonly service: LockService;
  readonly log: RunLog;
  readonly nowMs: () => number;
  /** Ends early when the agent is to stop. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly random: () => number;
  readonly newId: () => string;
  readonly bootId: () => string;
  readonly userId: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stop: AbortSignal;
  readonly interrupted: InterruptedPolicy;
  readonly wait: boolean;
  readonly lease: LeaseWatch;
}

/** What this process knows about its hold on the lock. */
export interface LeaseWatch {
  /** The service has said, to this process, that the fence holds, and a lease has not run out since. */
  readonly verified: () => boolean;
  readonly markHeld: (fence: number, leaseMs: number | undefined) => void;
  /** True once a renewal was answered with "lost". */
  readonly lost: () => boolean;
  readonly end: () => void;
}

/** A step either leads to another state, which is on disk by then, or ends the run. */
export type StepResult =
  | { readonly kind: 'next'; readonly state: UpdateState }
  | { readonly kind: 'end'; readonly outcome: Outcome };

export const next = (state: UpdateState): StepResult => ({ kind: 'next', state });
export const end = (outcome: Outcome): StepResult => ({ kind: 'end', outcome });

export const isoNow = (context: WorkflowContext): string => new Date(context.nowMs()).toISOString();

/** Writes the state and returns it. */
export function save(context: WorkflowContext, state: UpdateState): UpdateState {
  const current = { ...state, bootId: context.bootId() };
  context.states.write(current);
  return current;
}
