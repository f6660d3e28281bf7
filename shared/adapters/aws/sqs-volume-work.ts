import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { VolumeWork, VolumeWorkQueue } from '#ports/volume-work.ts';
import { printVolumeWork } from '#wire/volume/volume-work.ts';
import { callAws } from './call-aws.ts';

/** A FIFO queue whose groups are volumes; sweeps are of all of them. */
export const sqsVolumeWork = <Work extends VolumeWork>(client: SQSClient, queueUrl: string): VolumeWorkQueue<Work> => ({
  send: (work, requestId) =>
    callAws(`asking for the ${work.kind} of a volume`, async () => {
      await client.send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: printVolumeWork(work),
          MessageGroupId: work.kind === 'sweep' ? 'sweep' : work.volume,
          MessageDeduplicationId: requestId,
        }),
      );
    }),
});
