import type { SQSBatchItemFailure, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import pLimit from 'p-limit';
import { Fault, WireError } from '#domain/errors.ts';
import type { Log } from '#ports/log.ts';

const GROUPS_AT_ONCE = 4;

/** Records in the order of the queue; without a group (a standard queue) each is on its own. */
const groupsOf = (records: readonly SQSRecord[]): SQSRecord[][] => {
  const groups = new Map<string, SQSRecord[]>();
  for (const record of records) {
    const group = record.attributes.MessageGroupId;
    const key = group === undefined ? `message ${record.messageId}` : `group ${group}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [record]);
    else known.push(record);
  }
  return [...groups.values()];
};

const logFailure = (log: Log, record: SQSRecord, error: unknown): void => {
  const fields = { messageId: record.messageId, received: Number(record.attributes.ApproximateReceiveCount), error };
  // The body stays out of the log: it is whatever somebody sent.
  if (error instanceof WireError) log.error('message met what does not parse', fields);
  else if (error instanceof Fault) log.warn('message will be retried', fields);
  else log.error('message failed', fields);
};

/**
 * The only place that acknowledges messages. A record whose story throws is reported as failed, so that SQS brings it again and,
 * after the queue's maxReceiveCount, moves it to the dead-letter queue. In a FIFO queue the order within a group holds: after the
 * first failure of a group, the rest of its records are reported as failed without being worked on. Never throws, since a throw
 * would bring back the messages that were done as well.
 * Groups run side by side, four at once.
 */
export const sqsBatch =
  <Outcome>(log: Log, story: (body: string) => Promise<Outcome>): ((event: SQSEvent) => Promise<SQSBatchResponse>) =>
  async (event) => {
    const succeeds = async (record: SQSRecord): Promise<boolean> => {
      try {
        log.info('message done', { messageId: record.messageId, outcome: await story(record.body) });
        return true;
      } catch (error) {
        logFailure(log, record, error);
        return false;
      }
    };

    const failuresOf = async (group: readonly SQSRecord[]): Promise<SQSBatchItemFailure[]> => {
      for (const [index, record] of group.entries()) {
        if (!(await succeeds(record))) return group.slice(index).map(({ messageId }) => ({ itemIdentifier: messageId }));
      }
      return [];
    };

    const limit = pLimit(GROUPS_AT_ONCE);
    const failures = await Promise.all(groupsOf(event.Records).map((group) => limit(() => failuresOf(group))));
    return { batchItemFailures: failures.flat() };
  };
