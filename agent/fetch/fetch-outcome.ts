/** How a fetch ended. Each has one exit code; docs/fetch.md has the same table in an operator's words. */
export type FetchOutcomeKind = 'unchanged' | 'changed' | 'verification_failed' | 'network' | 'busy' | 'rolled_back' | 'fault';

export interface FetchOutcome {
  readonly kind: FetchOutcomeKind;
  readonly message: string;
}

export const FETCH_EXIT_CODES: Readonly<Record<FetchOutcomeKind, number>> = {
  unchanged: 0,
  fault: 1,
  changed: 3,
  verification_failed: 4,
  network: 5,
  busy: 6,
  rolled_back: 7,
};

export const fetchOutcome = (kind: FetchOutcomeKind, message: string): FetchOutcome => ({ kind, message });

/** What was published is not what may be installed: a digest that differs, a hostile archive, no checksum, too large. */
export class VerificationProblem extends Error {
  override readonly name = 'VerificationProblem';
}

/** The downloaded bytes do not have the wanted digest: a new one may have been published in between. */
export class DigestMismatch extends VerificationProblem {}

/** No answer that can be used. `again` when another attempt may help, and not before `afterMs` if the server said so. */
export class NetworkProblem extends Error {
  override readonly name = 'NetworkProblem';
  readonly again: boolean;
  readonly afterMs: number | undefined;

  constructor(
    message: string,
    again: boolean,
    options: { readonly afterMs?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.again = again;
    this.afterMs = options.afterMs;
  }
}

export function outcomeOfProblem(error: unknown): FetchOutcome {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof VerificationProblem) return fetchOutcome('verification_failed', message);
  if (error instanceof NetworkProblem) return fetchOutcome('network', message);
  return fetchOutcome('fault', message);
}
