import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';

export interface QueueSourceOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly region: string;
  /** Consumers at a time. A FIFO queue never gives two of them messages of one group. */
  readonly concurrency: number;
  readonly invoke: (event: SQSEvent) => Promise<unknown>;
  readonly onFault: (error: unknown) => void;
}

export interface QueueSource {
  /** Resolves when no message is waiting or being worked on. */
  drained(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

const WAIT_SECONDS = 2;
/** AWS leaves a failed message until its visibility ends, half an hour for a crawl. Nobody at a laptop waits for that. */
const RETRY_AFTER_SECONDS = 2;
const AFTER_FAULT_MS = 500;
const DRAIN_POLL_MS = 50;

/**
 * What Lambda's event source mapping does with a queue, at the deployed batch size of one: the message is deleted when the function
 * returned and does not name it in `batchItemFailures`; otherwise it comes again, until the queue sets it aside.
 */
export function queueSource(options: QueueSourceOptions): QueueSource {
  const stopping = new AbortController();
  const consumers = Array.from({ length: options.concurrency }, () => consume(options, stopping.signal));
  return {
    async drained(signal) {
      while (!signal.aborted && (await pendingMessages(options)) > 0) await pause(DRAIN_POLL_MS, signal);
    },
    async stop() {
      stopping.abort();
      await Promise.all(consumers);
    },
  };
}

async function consume(options: QueueSourceOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const message = await receive(options, signal);
      if (message !== undefined) await handle(options, message);
    } catch (error) {
      if (signal.aborted) return;
      options.onFault(error);
      await pause(AFTER_FAULT_MS, signal);
    }
  }
}

async function receive({ client, queueUrl }: QueueSourceOptions, signal: AbortSignal): Promise<Message | undefined> {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: 1,
      WaitTimeSeconds: WAIT_SECONDS,
      MessageSystemAttributeNames: ['All'],
    }),
    { abortSignal: signal },
  );
  return Messages[0];
}

async function handle(options: QueueSourceOptions, message: Message): Promise<void> {
  const handle = { QueueUrl: options.queueUrl, ReceiptHandle: message.ReceiptHandle };
  try {
    const response = await options.invoke({ Records: [asRecord(message, options)] });
    if (!isFailed(response as SQSBatchResponse | null | undefined)) {
      await options.client.send(new DeleteMessageCommand(handle));
      return;
    }
  } catch (error) {
    options.onFault(error);
  }
  await options.client.send(new ChangeMessageVisibilityCommand({ ...handle, VisibilityTimeout: RETRY_AFTER_SECONDS }));
}

/** With one message in the batch, any failure named, also a name that makes no sense, is a failure of it. */
function isFailed(response: SQSBatchResponse | null | undefined): boolean {
  return (response?.batchItemFailures ?? []).length > 0;
}

function asRecord(message: Message, { queueUrl, region }: QueueSourceOptions): SQSRecord {
  const attributes = message.Attributes ?? {};
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: {
      ...attributes,
      ApproximateReceiveCount: attributes.ApproximateReceiveCount ?? '1',
      SentTimestamp: attributes.SentTimestamp ?? '0',
      SenderId: attributes.SenderId ?? '',
      ApproximateFirstReceiveTimestamp: attributes.ApproximateFirstReceiveTimestamp ?? '0',
    },
    messageAttributes: {},
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:${region}:000000000000:${queueUrl.split('/').at(-1) ?? ''}`,
    awsRegion: region,
  };
}

/** Messages that wait, are being worked on, or come later. */
export async function pendingMessages({ client, queueUrl }: Pick<QueueSourceOptions, 'client' | 'queueUrl'>): Promise<number> {
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
        'ApproximateNumberOfMessagesDelayed',
      ],
    }),
  );
  return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
}

/** Bodies of messages that were set aside since the last call; taking them empties the queue. */
export async function takeDeadLetters(client: SQSClient, queueUrl: string): Promise<readonly string[]> {
  const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }));
  for (const message of Messages) {
    await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle }));
  }
  return Messages.map((message) => message.Body ?? '');
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
