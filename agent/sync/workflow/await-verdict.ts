import { printElapsed } from '../config/duration.ts';
import type { SyncHandle, SyncSeen } from '../service/sync-service.ts';
import { jittered, type SyncContext } from './sync-context.ts';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const GROWTH = 1.5;

/** Waits until the service has judged the host, and says how. The command's exit code stays what it is. */
export async function awaitVerdict(context: SyncContext, sync: SyncHandle, last: SyncSeen): Promise<void> {
  const { report, config, signals } = context;
  const startedMs = context.nowMs();
  let seen = last;
  let pauseMs = FIRST_PAUSE_MS;
  let unreachable = '';
  while (!isJudged(seen)) {
    report.waiting(
      `${seen.state}${unreachable}`,
      () => `${seen.state} for ${printElapsed(context.nowMs() - startedMs)}${unreachable}`,
      { state: seen.state },
    );
    if (context.nowMs() - startedMs + pauseMs > config.verifyMs) break;
    await context.sleep(jittered(context, pauseMs), signals.stop);
    if (signals.stop.aborted) break;
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * GROWTH);
    const reply = await context.asking.read(sync);
    if (reply.kind === 'lost') return report.say('verdict', `judged meanwhile: ${reply.reason}`, { state: 'unknown' });
    if (reply.kind === 'sync') seen = reply.sync;
    unreachable = reply.kind === 'sync' ? '' : ` (the service cannot be asked: ${reply.reason})`;
  }
  const { state, reason } = seen;
  if (state === 'IN_SERVICE') report.say('verdict', 'IN_SERVICE: verified, clients are sent here again', { state });
  else if (isJudged(seen))
    report.warn('verdict', `${state}: not verified, no client is sent here: ${reason ?? 'no reason given'}`, { state, reason });
  else
    report.warn(
      'verdict',
      `still ${state} after ${printElapsed(context.nowMs() - startedMs)}; mirrortide sync status says more`,
      { state },
    );
}

const isJudged = ({ state }: SyncSeen): boolean => state === 'IN_SERVICE' || state === 'HELD' || state === 'DISABLED';
