/**
 * Where an update stands, as it is on disk. Tasks are the steps of the workflow under the names that the updaters before us gave
 * them; `confirm` is new: a grant is only an offer until it is confirmed, and the offer's fence must be on disk before.
 */
export const TASKS = [
  'needs_update',
  'lock_get',
  'confirm',
  'pre_update',
  'update',
  'needs_reboot',
  'reboot',
  'post_update',
  'lock_release',
] as const;

export type Task = (typeof TASKS)[number];

/** A newer agent writes another number; one that does not know it stops. */
export const STATE_SCHEMA = 1;

export interface ScriptRecord {
  readonly name: string;
  /** `running` in a state file means: begun, end unknown. */
  readonly status: 'waiting' | 'running' | 'done' | 'failed' | 'skipped';
  /** Times of starting, in this update; 2 after an interruption. */
  readonly starts: number;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly exitCode?: number;
}

export interface FinishedScript {
  readonly task: Task;
  readonly name: string;
  readonly exitCode?: number;
  readonly startedAt?: string;
  readonly endedAt?: string;
}

export interface RebootAttempt {
  readonly startedAt: string;
  /** Absent while the command runs, or when nobody saw its end. */
  readonly exitCode?: number;
}

export interface Failure {
  readonly at: string;
  readonly script?: string;
  readonly reason: string;
  /** The service has been told, or cannot be told any more. */
  readonly reported: boolean;
}

export interface UpdateState {
  readonly schema: typeof STATE_SCHEMA;
  readonly runId: string;
  readonly startedAt: string;
  readonly task: Task;
  readonly taskSince: string;
  readonly lock: string;
  readonly baseUrl: string;
  /** The boot in which this state was written last. */
  readonly bootId: string;
  readonly requestId?: string;
  readonly ticket?: string | number;
  readonly fence?: number;
  readonly heldSince?: string;
  /** The scripts of the current task in their order, fixed when the task began. */
  readonly scripts?: readonly ScriptRecord[];
  /** Those of the tasks before, for `status` and for the log. */
  readonly finished: readonly FinishedScript[];
  /** The boot that must end before post_update may begin. */
  readonly rebootFromBootId?: string;
  readonly rebootAttempt?: RebootAttempt;
  readonly failure?: Failure;
}

/** The state of the next task: the scripts of the current one move to the finished ones. */
export function enterTask(state: UpdateState, task: Task, now: string): UpdateState {
  const { scripts = [], failure: _failure, ...rest } = state;
  const finished = scripts.map(({ name, exitCode, startedAt, endedAt }) => ({
    task: state.task,
    name,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
  }));
  return { ...rest, task, taskSince: now, finished: [...state.finished, ...finished] };
}
