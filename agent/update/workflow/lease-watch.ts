import type { RunLog } from '../../log/run-log.ts';
import type { LockService } from '../../service/lock-service.ts';
import type { LeaseWatch } from './workflow-context.ts';

const RENEWALS_PER_LEASE = 3;
const SHORTEST_INTERVAL_MS = 1_000;

/** Renews a leased lock three times per lease while scripts run; a lock that is held until released is left alone. */
export function leaseWatch(service: LockService, log: RunLog): LeaseWatch {
  let verified = false;
  /** On the clock of this process, which no one sets. */
  let endsMs = Number.POSITIVE_INFINITY;
  let lost = false;
  let timer: NodeJS.Timeout | undefined;
  const schedule = (fence: number, leaseMs: number): void => {
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        renew(fence, leaseMs).catch((error: unknown) => log.error(`renewing the lease failed: ${String(error)}`));
      },
      Math.max(SHORTEST_INTERVAL_MS, leaseMs / RENEWALS_PER_LEASE),
    );
    timer.unref();
  };
  const renew = async (fence: number, leaseMs: number): Promise<void> => {
    const askedMs = performance.now();
    const held = await service.renew(fence);
    if (held.kind === 'lost') {
      lost = true;
      log.error('the lease was lost: no further script is started');
      return;
    }
    if (held.kind === 'held') endsMs = askedMs + (held.leaseMs ?? Number.POSITIVE_INFINITY);
    if (timer !== undefined) schedule(fence, held.kind === 'held' ? (held.leaseMs ?? leaseMs) : leaseMs);
  };
  return {
    verified: () => verified && performance.now() < endsMs,
    markHeld: (fence, leaseMs) => {
      verified = true;
      endsMs = performance.now() + (leaseMs ?? Number.POSITIVE_INFINITY);
      if (leaseMs !== undefined) schedule(fence, leaseMs);
    },
    lost: () => lost,
    end: () => {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
