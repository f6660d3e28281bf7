import type { EpochMs, HostId } from '#domain/inventory/inventory.ts';

/** What the owner of a pending host is asked to publish, to prove control of its URLs. Not secret. */
export interface ProofChallenge {
  readonly token: string;
  readonly createdMs: EpochMs;
  /** When it was last looked for. */
  readonly checkedMs: EpochMs | undefined;
}

export interface ProofChallenges {
  read(host: HostId): Promise<ProofChallenge | undefined>;
  /** Unless there is one that was made after `unlessAfterMs`; the one that counts comes back. */
  make(host: HostId, challenge: ProofChallenge, unlessAfterMs: EpochMs): Promise<ProofChallenge>;
  /** False when somebody else began a check after `unlessAfterMs`. */
  beginCheck(host: HostId, token: string, nowMs: EpochMs, unlessAfterMs: EpochMs): Promise<boolean>;
}
