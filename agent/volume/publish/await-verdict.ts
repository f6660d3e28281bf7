import type { ReleaseState } from '#domain/volume/release.ts';
import type { Sha256 } from '#domain/volume/tree.ts';
import type { ReleaseReply, VolumeEventReply } from '#wire/volume/volume-replies.ts';
import type { Waiting } from '../../network/ask-service.ts';
import type { VolumeService } from '../service/volume-service.ts';
import { VolumeProblem } from '../volume-exit.ts';

export interface Checking {
  readonly service: Pick<VolumeService, 'seal' | 'release' | 'log'>;
  readonly volume: string;
  readonly waiting: Waiting;
  readonly nowMs: () => number;
}

const UNDECIDED: readonly ReleaseState[] = ['STAGING', 'SEALED'];
/** A small release is checked at once. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const SLOWER = 1.5;
/** Twice as long as a function may run, and some for the queue. */
const MOST_MS = 2_400_000;
const LOOKED_BACK = 50;

/** Says that all is stored, so that the release is checked. */
export const seal = async ({ service, volume }: Checking, root: Sha256): Promise<ReleaseReply> => {
  try {
    return await service.seal(volume, root);
  } catch (error) {
    // Somebody who publishes the same was faster; the release itself says how that went.
    if (error instanceof VolumeProblem && error.fields['refusal'] === 'wrong-state') return service.release(volume, root);
    throw error;
  }
};

/** The release once it is decided what becomes of it. */
export const awaitVerdict = async ({ service, volume, waiting, nowMs }: Checking, root: Sha256): Promise<ReleaseReply> => {
  const sinceMs = nowMs();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * SLOWER)) {
    const release = await service.release(volume, root);
    if (!UNDECIDED.includes(release.state)) return release;
    if (nowMs() - sinceMs > MOST_MS)
      throw new VolumeProblem('unavailable', `${root} is still being checked; run it again to go on waiting`, { release: root });
    await waiting.sleep(pauseMs * (1 + waiting.random() / 2));
  }
};

type Logged = Pick<Checking, 'volume'> & { readonly service: Pick<VolumeService, 'log'> };

/** The entry of the log that says how a release ended. */
export const endEntry = async ({ service, volume }: Logged, root: Sha256): Promise<VolumeEventReply | undefined> => {
  const entries = await service.log(volume, LOOKED_BACK);
  return entries.find(({ operation, release }) => release === root && ['abort', 'expire'].includes(operation));
};

/** What the log says of why a release was given up. */
export const abortReason = async (logged: Logged, root: Sha256): Promise<string> =>
  (await endEntry(logged, root))?.reason ?? 'the log does not say why';

/** For whoever has to mend it. */
export const rejection = (release: ReleaseReply): VolumeProblem => {
  const { release: root, sequence, problems } = release;
  const lines = problems.map(({ path, message }) => `    ${path === '' ? '' : `${path}: `}${message}`);
  const text = [`release ${sequence} (${root}) is rejected; what is current stays`, ...lines].join('\n');
  return new VolumeProblem('rejected', text, { release: root, sequence, problems });
};
