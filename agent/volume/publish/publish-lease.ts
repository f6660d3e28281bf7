import type { VolumeService } from '../service/volume-service.ts';
import { VolumeProblem } from '../volume-exit.ts';

export interface PublishLease {
  /** Of every release that is made under it. */
  readonly fence: number | undefined;
  /** Throws what a renewal was refused with. */
  readonly check: () => void;
  readonly end: () => Promise<void>;
}

/** Well within any lease. */
const RENEWED_MS = 60_000;

/** Nobody's lease, or one that whoever calls us holds and renews. */
export const foreignLease = (fence: number | undefined): PublishLease => ({ fence, check: () => {}, end: async () => {} });

/** Takes the volume's lease and renews it until its end. Throws VolumeProblem when somebody else has it. */
export const takeLease = async (service: Pick<VolumeService, 'change'>, volume: string): Promise<PublishLease> => {
  const { fence } = await service.change(volume, 'lease', {}, 'lease');
  let lost: VolumeProblem | undefined;
  const renew = async (): Promise<void> => {
    try {
      await service.change(volume, 'lease', { fence }, 'lease');
    } catch (error) {
      // Without an answer it is still ours as far as we know; the release itself is where the fence counts.
      if (error instanceof VolumeProblem && error.kind !== 'unavailable') lost = error;
    }
  };
  const timer = setInterval(() => void renew(), RENEWED_MS).unref();
  return {
    fence,
    check: () => {
      if (lost !== undefined) throw lost;
    },
    end: async () => {
      clearInterval(timer);
      try {
        await service.change(volume, 'lease/end', { fence }, 'pointer');
      } catch (error) {
        // It lapses by itself.
        if (!(error instanceof VolumeProblem)) throw error;
      }
    },
  };
};
