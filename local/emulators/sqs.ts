import { buildApp } from 'fauxqs';

export interface SqsEmulator {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * SQS by fauxqs, in memory only: with its persistence ChangeMessageVisibility to 0 fails (2.4.1), so queues start empty every time,
 * as the stages must tolerate anyway. Its own start function would listen on all interfaces; the bare application lets us choose.
 *
 * Different from SQS: a receive from a FIFO queue brings at most one message of a group, a made-up receipt handle can be deleted,
 * there is no redrive from the dead-letter queue, and a clash of attributes in CreateQueue is named
 * AWS.SimpleQueueService.QueueNameExists. Its S3 and SNS are left unused.
 */
export async function startSqs(): Promise<SqsEmulator> {
  const app = buildApp({ logger: false });
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
  return { endpoint, stop: async () => void (await app.close()) };
}
