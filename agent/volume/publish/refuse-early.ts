import type { VolumeReply } from '#wire/volume/volume-replies.ts';
import { type ProblemFields, VolumeProblem } from '../volume-exit.ts';
import type { PublishWish } from './publish-wish.ts';

type Objection = (volume: VolumeReply, wish: PublishWish, nowMs: number) => VolumeProblem | undefined;

const sendsNothing = (kind: 'refused' | 'conflict', why: string, fields: ProblemFields): VolumeProblem =>
  new VolumeProblem(kind, `${why}; nothing was sent`, fields);

const roleMissing: Objection = ({ volume, roles }, { dryRun, release }) => {
  const fields = { refusal: 'forbidden' };
  if (roles?.publish === false && !dryRun) return sendsNothing('refused', `you are no publisher of ${volume}`, fields);
  if (roles?.release === false && release)
    return sendsNothing('refused', `you are no releaser of ${volume}, and without --release you need not be one`, fields);
  return undefined;
};

const movedOn: Objection = ({ current }, { expect }) => {
  if (expect === undefined || (expect ?? undefined) === current) return undefined;
  const fields = { refusal: 'moved', current };
  return sendsNothing('conflict', `current is ${current ?? 'nothing'}, and not as expected`, fields);
};

const heldBack: Objection = ({ volume, hold }, { release }) => {
  if (hold === undefined || !release) return undefined;
  const help = `without --release it can be published and looked at, and mirrortide resume ${volume} ends the hold`;
  return sendsNothing('conflict', `${volume} is held by ${hold.by}: ${hold.reason}; ${help}`, { refusal: 'held', hold });
};

const leasedAway: Objection = ({ volume, lease }, wish, nowMs) => {
  if (lease === undefined || lease.untilMs <= nowMs || lease.fence === wish.fence) return undefined;
  if (!wish.release && !wish.lease) return undefined;
  return sendsNothing('conflict', `${lease.by} is publishing to ${volume}`, { refusal: 'leased', lease });
};

const OBJECTIONS: readonly Objection[] = [roleMissing, movedOn, heldBack, leasedAway];

/** What would be refused at the end is refused before hours of hashing and sending. */
export const refuseEarly = (volume: VolumeReply, wish: PublishWish, nowMs: number): void => {
  for (const objection of OBJECTIONS) {
    const problem = objection(volume, wish, nowMs);
    if (problem !== undefined) throw problem;
  }
};
