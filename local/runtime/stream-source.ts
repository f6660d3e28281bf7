import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import type { Emulators } from '../emulators/start-emulators.ts';
import { repeat } from './repeat.ts';

export interface StreamSourceOptions {
  readonly emulators: Pick<Emulators, 'dynamoDbEndpoint' | 'region'>;
  readonly streamArn: string;
  /** As the filter of the deployed event source: other changes never reach the function. */
  readonly filter: (record: DynamoDBRecord) => boolean;
  readonly invoke: (event: DynamoDBStreamEvent) => Promise<unknown>;
  readonly onFault: (error: unknown) => void;
  readonly pollMs?: number;
}

export interface StreamSource {
  stop(): Promise<void>;
}

interface Page {
  readonly Records?: readonly DynamoDBRecord[];
  readonly NextShardIterator?: string;
}

const POLL_MS = 250;
const BATCH = 100;
const REQUEST_MS = 10_000;

/** Three calls of one protocol do not need a client library of their own; the emulators look at no signature. */
async function callStreams<Reply>(
  { dynamoDbEndpoint, region }: StreamSourceOptions['emulators'],
  operation: 'DescribeStream' | 'GetShardIterator' | 'GetRecords',
  input: Readonly<Record<string, unknown>>,
): Promise<Reply> {
  const response = await fetch(dynamoDbEndpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDBStreams_20120810.${operation}`,
      'x-amz-date': '20260101T000000Z',
      authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/${region}/dynamodb/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(input),
    signal: AbortSignal.timeout(REQUEST_MS),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${operation} answered ${response.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as Reply;
}

interface Shard {
  readonly ShardId: string;
}

const shardsOf = async (options: StreamSourceOptions): Promise<readonly Shard[]> => {
  const { StreamDescription } = await callStreams<{ StreamDescription: { Shards?: Shard[] } }>(
    options.emulators,
    'DescribeStream',
    { StreamArn: options.streamArn },
  );
  return StreamDescription.Shards ?? [];
};

const oldestOf = async (options: StreamSourceOptions, shard: string): Promise<string> => {
  const { ShardIterator } = await callStreams<{ ShardIterator: string }>(options.emulators, 'GetShardIterator', {
    StreamArn: options.streamArn,
    ShardId: shard,
    ShardIteratorType: 'TRIM_HORIZON',
  });
  return ShardIterator;
};

/** Whether all of it is done. A function that throws, or names a change, gets the whole page again: its work is idempotent. */
const isDone = async (options: StreamSourceOptions, records: readonly DynamoDBRecord[]): Promise<boolean> => {
  const Records = records.filter(options.filter);
  if (Records.length === 0) return true;
  const answer = (await options.invoke({ Records })) as DynamoDBBatchResponse | null | undefined;
  return (answer?.batchItemFailures ?? []).length === 0;
};

/**
 * What Lambda's event source mapping does with a table's stream: pages of changes in their order, each until the function took it.
 * Nothing is remembered: after a restart the stream is read from its oldest change again, which the function must bear anyway.
 */
export function streamSource(options: StreamSourceOptions): StreamSource {
  const stopping = new AbortController();
  const iterators = new Map<string, string>();

  /** Reads until there is nothing more for now; a page that the function does not take comes again at the next poll. */
  async function drain(shard: string): Promise<void> {
    let iterator: string | undefined = iterators.get(shard) ?? (await oldestOf(options, shard));
    while (iterator !== undefined && !stopping.signal.aborted) {
      const input: Readonly<Record<string, unknown>> = { ShardIterator: iterator, Limit: BATCH };
      const page: Page = await callStreams<Page>(options.emulators, 'GetRecords', input);
      const { Records = [], NextShardIterator: next } = page;
      const done = await isDone(options, Records);
      iterators.set(shard, done ? (next ?? iterator) : iterator);
      iterator = done && Records.length > 0 ? next : undefined;
    }
  }

  async function poll(): Promise<void> {
    for (const { ShardId } of await shardsOf(options)) await drain(ShardId);
  }

  const polling = repeat(options.pollMs ?? POLL_MS, stopping.signal, poll, options.onFault);
  return {
    async stop() {
      stopping.abort();
      await polling;
    },
  };
}
