import type { SyncHandle, SyncSeen } from '../service/sync-service.ts';
import type { SyncContext } from './sync-context.ts';

const BEATS_PER_LEASE = 3;
const DEFAULT_LEASE_MS = 60_000;
const SHORTEST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 300_000;
const RETRY_MS = 5_000;

export interface Heartbeats {
  readonly stop: () => Promise<void>;
}

/**
 * Says that we live, three times per lease and a little irregularly, until stopped. A network that is lost is retried on and on: a
 * host whose lease ran out is heard again as long as nobody has judged it. `onLost` is called once, when the service says that the
 * synchronisation is not ours any more or is to be cancelled, or when the lease has run out by our own clock.
 */
export function startHeartbeats(
  context: SyncContext,
  sync: SyncHandle,
  destructive: boolean,
  onLost: (reason: string) => void,
): Heartbeats {
  const ending = new AbortController();
  const beat = beats(context, sync, destructive, ending.signal, once(onLost)).catch((error: unknown) =>
    context.report.warn('unavailable', `heartbeats ended: ${error instanceof Error ? error.message : String(error)}`),
  );
  return {
    stop: () => {
      ending.abort();
      return beat;
    },
  };
}

interface Pulse {
  leaseMs: number;
  /** On our own clock. */
  leaseEndsMs: number;
  reachable: boolean;
}

async function beats(
  context: SyncContext,
  sync: SyncHandle,
  destructive: boolean,
  ending: AbortSignal,
  onLost: (reason: string) => void,
): Promise<void> {
  const pulse: Pulse = { leaseMs: DEFAULT_LEASE_MS, leaseEndsMs: Number.POSITIVE_INFINITY, reachable: true };
  while (!ending.aborted) {
    const askedMs = context.nowMs();
    const reply = await Promise.race([context.beating.heartbeat(sync, destructive), aborted(ending)]);
    if (reply === undefined) return;
    if (reply.kind === 'lost') return onLost(`the service says: ${reply.reason}`);
    if (reply.kind === 'sync') heard(context, pulse, reply.sync, askedMs, onLost);
    else unheard(context, pulse, reply.reason, onLost);
    await context.sleep(pause(context, pulse), ending);
  }
}

function heard(context: SyncContext, pulse: Pulse, seen: SyncSeen, askedMs: number, onLost: (reason: string) => void): void {
  if (!pulse.reachable) context.report.say('reachable', `the service answers again: ${seen.state}`);
  pulse.reachable = true;
  pulse.leaseMs = seen.leaseMs ?? DEFAULT_LEASE_MS;
  pulse.leaseEndsMs = askedMs + pulse.leaseMs;
  if (seen.cancel) onLost(`the service asks to stop: ${seen.reason ?? seen.state}`);
}

function unheard(context: SyncContext, pulse: Pulse, reason: string, onLost: (reason: string) => void): void {
  if (pulse.reachable) context.report.warn('unavailable', `heartbeats do not arrive: ${reason}`);
  pulse.reachable = false;
  if (context.nowMs() >= pulse.leaseEndsMs) onLost('the lease ran out before the service could be reached');
}

/** Between 80 and 100 per cent of a third of the lease; sooner when the last one was not heard. */
function pause(context: SyncContext, { leaseMs, reachable }: Pulse): number {
  const regularMs = Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, leaseMs / BEATS_PER_LEASE));
  return (reachable ? regularMs : Math.min(regularMs, RETRY_MS)) * (0.8 + context.random() / 5);
}

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });

function once(act: (reason: string) => void): (reason: string) => void {
  let done = false;
  return (reason) => {
    if (!done) act(reason);
    done = true;
  };
}
