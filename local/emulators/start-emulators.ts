import { join } from 'node:path';
import { type DynamoDbEmulator, startDynamoDb } from './dynamodb.ts';
import { EMULATOR_CREDENTIALS, EMULATOR_REGION } from './emulator-identity.ts';
import type { Credentials } from './s3/signature.ts';
import { startS3Emulator } from './s3/start-s3-emulator.ts';
import { startSqs } from './sqs.ts';

export interface Emulators {
  readonly dynamoDbEndpoint: string;
  readonly dynamoDbEngine: DynamoDbEmulator['engine'];
  /** Clients need `forcePathStyle: true`. */
  readonly s3Endpoint: string;
  readonly sqsEndpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
  stop(): Promise<void>;
}

export interface EmulatorsOptions {
  /** Tables and objects are kept under it between runs; queues never are. Without it nothing is. */
  readonly directory?: string;
}

interface Stoppable {
  stop(): Promise<void>;
}

/** All three services on the loopback interface, started side by side. When one fails to start, the others are stopped again. */
export async function startEmulators({ directory }: EmulatorsOptions = {}): Promise<Emulators> {
  const within = (name: string): { directory?: string } => (directory === undefined ? {} : { directory: join(directory, name) });
  const [dynamoDb, s3, sqs] = await allOrNone(
    startDynamoDb(within('dynamodb')),
    startS3Emulator({ ...within('s3'), credentials: EMULATOR_CREDENTIALS }),
    startSqs(),
  );
  return {
    dynamoDbEndpoint: dynamoDb.endpoint,
    dynamoDbEngine: dynamoDb.engine,
    s3Endpoint: s3.endpoint,
    sqsEndpoint: sqs.endpoint,
    region: EMULATOR_REGION,
    // A copy: SDK clients leave marks on the object they are given.
    credentials: { ...EMULATOR_CREDENTIALS },
    stop: () => stopAll([dynamoDb, s3, sqs]),
  };
}

async function allOrNone<T extends readonly Stoppable[]>(...starting: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  const results = await Promise.allSettled(starting);
  const failure = results.find((result) => result.status === 'rejected');
  if (failure === undefined) return (await Promise.all(starting)) as unknown as T;
  await stopAll(results.flatMap((result) => (result.status === 'fulfilled' ? [result.value as Stoppable] : [])));
  throw failure.reason;
}

async function stopAll(running: readonly Stoppable[]): Promise<void> {
  await Promise.all(running.map((emulator) => emulator.stop()));
}
