/**
 * Whether a write that was refused, or whose reply never came, was done after all. A condition that failed does not mean that
 * somebody else won: the SDK repeats a request whose reply it missed, and the repeat meets what the first one did. So the state is
 * asked, not the error. Each kind of write leaves something in the state that nothing else leaves: its fence, its request's id.
 */
import { countsFromMs, type Fence, type Grant, grantOf, type HostName, type LockState } from './lock-state.ts';
import type { LockWrite } from './lock-write.ts';

/** `again`: not done as far as the state tells; decide anew from that state. */
export type Verdict = 'done' | 'again';

const verdict = (done: boolean): Verdict => (done ? 'done' : 'again');

const withFence = (seen: LockState, host: HostName, fence: Fence): Grant | undefined => {
  const grant = grantOf(seen, host);
  return grant?.fence === fence ? grant : undefined;
};

const wasGiven = (seen: LockState, given: Grant): boolean => {
  const grant = grantOf(seen, given.host);
  return grant !== undefined && (grant.fence === given.fence || grant.requestId === given.requestId);
};

const wasMoved = (seen: LockState, write: { host: HostName; fence: Fence; deadlineMs: number }): boolean => {
  const grant = withFence(seen, write.host, write.fence);
  return grant !== undefined && (grant.deadlineMs ?? Number.POSITIVE_INFINITY) >= write.deadlineMs;
};

export const classifyWrite = (write: LockWrite, seen: LockState | undefined): Verdict => {
  if (seen === undefined) return 'again';
  switch (write.kind) {
    case 'ensure':
      return verdict(!seen.removed);
    case 'grant':
    case 'evict-and-grant':
      return verdict(wasGiven(seen, write.grant));
    case 'confirm':
      return verdict((withFence(seen, write.host, write.fence)?.state ?? 'offered') !== 'offered');
    case 'restamp': {
      const grant = withFence(seen, write.host, write.fence);
      return verdict(grant !== undefined && grant.state !== 'offered' && countsFromMs(grant) >= write.arrivedMs);
    }
    case 'extend-offer':
    case 'renew':
      return verdict(wasMoved(seen, write));
    case 'release':
    case 'hand-off':
    case 'evict':
    case 'force-release':
      return verdict(withFence(seen, write.host, write.fence) === undefined);
    case 'fail': {
      const grant = withFence(seen, write.host, write.fence);
      return verdict(grant?.state === 'failed' && !grant.acknowledged);
    }
    case 'resume':
    case 'configure':
    case 'remove':
      return verdict(seen.last?.requestId === write.cause.requestId && seen.last?.transition === write.kind);
  }
};
