/** How a run ended. Each has one exit code; docs/agent.md has the same table in an operator's words. */
export type OutcomeKind =
  | 'finished'
  | 'nothing_to_do'
  | 'not_our_reboot'
  | 'not_today'
  | 'reboot_started'
  | 'reboot_pending'
  | 'failed'
  | 'decision_needed'
  | 'lost'
  | 'unavailable'
  | 'host_problem'
  | 'not_granted'
  | 'busy'
  | 'refused'
  | 'configuration'
  | 'stopped';

export interface Outcome {
  readonly kind: OutcomeKind;
  readonly message: string;
}

export const USAGE_EXIT = 2;

/** 64 to 78 as in sysexits.h, so that a service manager's restart rules can name them. */
export const EXIT_CODES: Readonly<Record<OutcomeKind, number>> = {
  finished: 0,
  nothing_to_do: 0,
  not_our_reboot: 0,
  not_today: 0,
  reboot_started: 0,
  reboot_pending: 0,
  failed: 1,
  decision_needed: 3,
  lost: 4,
  unavailable: 69,
  host_problem: 74,
  not_granted: 75,
  busy: 75,
  refused: 77,
  configuration: 78,
  stopped: 143,
};

export const outcome = (kind: OutcomeKind, message: string): Outcome => ({ kind, message });
