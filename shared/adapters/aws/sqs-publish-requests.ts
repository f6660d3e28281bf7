import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Clock } from '#ports/clock.ts';
import type { PublishRequests } from '#ports/publish-requests.ts';
import { PUBLISH_SLOT_MS } from '#wire/publish-queue.ts';
import { callAws } from './call-aws.ts';

/** One group: there is one publisher, and it has nothing to gain from a second message while it works on the first. */
const GROUP = 'snapshot';

/**
 * A FIFO queue that remembers one request per slot of time, and holds each back for as long as a slot is: so whoever is dropped as a
 * repetition asked before the one that stays is worked on, and what was written before asking is published.
 *
 *   slot     ├───────────────┤
 *   asked       ●      ○   ○             ○ dropped
 *   worked on   ╰──── delay ────▶ ●      sees what all three wrote
 */
export const sqsPublishRequests = (client: SQSClient, queueUrl: string, clock: Clock): PublishRequests => ({
  soon: (reason) =>
    callAws('asking for a publication', async () => {
      await client.send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: JSON.stringify({ reason }),
          MessageGroupId: GROUP,
          MessageDeduplicationId: String(Math.floor(clock.now() / PUBLISH_SLOT_MS)),
        }),
      );
    }),
});
