import type { EpochMs } from '#domain/inventory/inventory.ts';
import { decideGiveBack, decideLease, PUBLISH_LEASE_MS } from '#domain/volume/decide-volume.ts';
import type { VolumeId } from '#domain/volume/volume.ts';
import type { VolumeDecision } from '#domain/volume/volume-state.ts';
import { BY_UPDATE, type UpdateVolumeDeps } from './update-deps.ts';
import { UpdateStopped } from './update-stopped.ts';

export interface VolumeLease {
  /** Takes it, unless this run has it. Throws UpdateStopped when somebody else does. */
  readonly take: () => Promise<void>;
  /** To be called all along: prolongs it when half of it is over. Throws UpdateStopped when it is somebody else's. */
  readonly keep: () => Promise<void>;
  readonly giveBack: () => Promise<void>;
  /** Of this run, from when it took the lease; also when it has it no more. */
  readonly fence: () => number | undefined;
}

type LeaseDeps = Pick<UpdateVolumeDeps, 'volumes' | 'clock'>;

/** The right to publish, for one run. Nothing is written of a run that does not need it. */
export const volumeLease = ({ volumes, clock }: LeaseDeps, volume: VolumeId): VolumeLease => {
  let held: { readonly fence: number; readonly untilMs: EpochMs } | undefined;
  let latest: number | undefined;
  let keeping: Promise<void> | undefined;

  const decide = async (fence: number | undefined): Promise<VolumeDecision> => {
    const nowMs = clock.now();
    const [outcome] = await volumes.change([{ volume }], (now) =>
      decideLease({ ...now, nowMs, by: BY_UPDATE }, nowMs + PUBLISH_LEASE_MS, fence),
    );
    const decision = outcome?.decision ?? { kind: 'nothing' };
    if (decision.kind === 'change') {
      latest = decision.change.next.fence;
      held = { fence: latest, untilMs: nowMs + PUBLISH_LEASE_MS };
    }
    return decision;
  };

  const renew = async (fence: number): Promise<void> => {
    const decision = await decide(fence);
    if (decision.kind === 'change') return;
    held = undefined;
    throw new UpdateStopped('lost', 'somebody else publishes by now');
  };

  return {
    take: async () => {
      if (held !== undefined) return;
      const decision = await decide(undefined);
      if (decision.kind === 'refused' && decision.refusal.kind === 'leased')
        throw new UpdateStopped('busy', `${decision.refusal.lease.by} is publishing`);
    },
    keep: async () => {
      if (held === undefined || clock.now() < held.untilMs - PUBLISH_LEASE_MS / 2) return;
      const { fence } = held;
      // Of many that work at once one prolongs it, and all learn of it when it is lost.
      keeping ??= renew(fence).finally(() => {
        keeping = undefined;
      });
      await keeping;
    },
    giveBack: async () => {
      if (held === undefined) return;
      const { fence } = held;
      held = undefined;
      const nowMs = clock.now();
      await volumes.change([{ volume }], (now) => decideGiveBack({ ...now, nowMs, by: BY_UPDATE }, fence));
    },
    fence: () => latest,
  };
};
