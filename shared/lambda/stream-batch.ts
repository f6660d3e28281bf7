import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { WireError } from '#domain/errors.ts';
import type { Log } from '#ports/log.ts';

/**
 * The only place that acknowledges changes of a table. They are worked on one after another in the order of the stream; at the
 * first that fails its sequence number is reported, so that Lambda brings that one and all behind it again. What does not parse is
 * handed to `unreadable` and passed over: no retry mends it, and it would hold up everything behind it for a day. Never throws.
 */
export const streamBatch =
  <Outcome>(
    log: Log,
    story: (record: DynamoDBRecord) => Promise<Outcome>,
    unreadable: () => void,
  ): ((event: DynamoDBStreamEvent) => Promise<DynamoDBBatchResponse>) =>
  async (event) => {
    for (const record of event.Records) {
      const sequence = record.dynamodb?.SequenceNumber ?? '';
      try {
        log.info('change done', { sequence, outcome: await story(record) });
      } catch (error) {
        if (!(error instanceof WireError)) {
          log.warn('change will be retried', { sequence, error });
          return { batchItemFailures: [{ itemIdentifier: sequence }] };
        }
        log.error('change met what does not parse', { sequence, error });
        unreadable();
      }
    }
    return { batchItemFailures: [] };
  };
