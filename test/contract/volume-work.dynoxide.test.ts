import { CreateQueueCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { sqsVolumeWork } from '#adapters/aws/sqs-volume-work.ts';
import type { VolumeWork } from '#ports/volume-work.ts';
import { parseVolumeWork } from '#wire/volume/volume-work.ts';
import { useEmulators } from '../support/emulators.ts';
import { faulty, quickRetries } from './places.ts';
import { volumeWorkContract } from './volume-work.suite.ts';

const emulators = useEmulators();
const KINDS = ['check', 'update', 'sweep'] as const;

const parsed = (body: string): VolumeWork => {
  const kind = KINDS.find((one) => body.includes(`"kind":"${one}"`));
  return parseVolumeWork(body, kind ?? 'check');
};

volumeWorkContract(async () => {
  const client = emulators.sqs();
  const { QueueUrl = '' } = await client.send(
    new CreateQueueCommand({ QueueName: `${emulators.freshName('work')}.fifo`, Attributes: { FifoQueue: 'true' } }),
  );
  return {
    open: (plan) => sqsVolumeWork(faulty(emulators.sqs(quickRetries()), plan), QueueUrl),
    inWork: async () => {
      const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      return Messages.map(({ Body = '' }) => parsed(Body));
    },
  };
});
