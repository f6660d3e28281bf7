import { dynamoClient } from '#adapters/aws/clients.ts';
import { dynamoLockStore } from '#adapters/aws/dynamo-lock-store.ts';
import { jsonLog } from '#lambda/json-log.ts';
import { metric } from '#lambda/metrics.ts';
import { scheduled } from '#lambda/scheduled.ts';
import { parseConfig } from './config.ts';
import { sweepLocks } from './sweep-locks.ts';

const config = parseConfig(process.env);
const log = jsonLog();
const deps = { store: dynamoLockStore(dynamoClient(), config.lockTable), clock: { now: Date.now }, log };

/** The alarms about locks watch these; `LockSweeps` shows that somebody looks. */
export const handler = scheduled(
  log,
  () => undefined,
  async () => {
    const outcome = await sweepLocks(deps);
    metric('LockSweeps', 1, 'Count');
    metric('LocksHeldTooLong', outcome.heldTooLong, 'Count');
    metric('LockFailures', outcome.failed, 'Count');
    metric('LocksHalted', outcome.halted, 'Count');
    metric('LockAuditGaps', outcome.auditGaps, 'Count');
    return outcome;
  },
);
