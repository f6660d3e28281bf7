import { randomBytes } from 'node:crypto';
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll } from 'vitest';
import { type Emulators, type EmulatorsOptions, startEmulators } from '../../local/emulators/start-emulators.ts';

/** Clients of the three emulators. Retries are off unless asked for, so that a test sees the first failure. */
export interface EmulatorClients {
  dynamoDb(config?: DynamoDBClientConfig): DynamoDBClient;
  s3(config?: S3ClientConfig): S3Client;
  sqs(config?: SQSClientConfig): SQSClient;
  /** Ends the connections of every client made here. */
  destroy(): void;
}

export function emulatorClients(emulators: Emulators): EmulatorClients {
  const made: { destroy(): void }[] = [];
  const { region } = emulators;
  const common = () => ({ region, credentials: { ...emulators.credentials }, maxAttempts: 1 });
  function keep<T extends { destroy(): void }>(client: T): T {
    made.push(client);
    return client;
  }
  return {
    dynamoDb: (config = {}) => keep(new DynamoDBClient({ ...common(), endpoint: emulators.dynamoDbEndpoint, ...config })),
    s3: (config = {}) => keep(new S3Client({ ...common(), endpoint: emulators.s3Endpoint, forcePathStyle: true, ...config })),
    sqs: (config = {}) => keep(new SQSClient({ ...common(), endpoint: emulators.sqsEndpoint, ...config })),
    destroy: () => {
      for (const client of made) client.destroy();
    },
  };
}

export interface EmulatorsInTest extends EmulatorClients {
  endpoints(): Emulators;
  /** `hosts-3f2a91-1`: valid as the name of a table, a bucket or a queue (append `.fifo`), and used by nobody else in this file. */
  freshName(prefix: string): string;
}

/** Starts the emulators once for a test file and stops them at its end. Call it at the top of the file or of a describe block. */
export function useEmulators(options: EmulatorsOptions = {}): EmulatorsInTest {
  const run = randomBytes(3).toString('hex');
  let names = 0;
  let started: { emulators: Emulators; clients: EmulatorClients } | undefined;
  beforeAll(async () => {
    const emulators = await startEmulators(options);
    started = { emulators, clients: emulatorClients(emulators) };
  });
  afterAll(async () => {
    started?.clients.destroy();
    await started?.emulators.stop();
    started = undefined;
  });
  function running(): { emulators: Emulators; clients: EmulatorClients } {
    if (started === undefined) throw new Error('the emulators run only during tests: call this from inside a test or a hook');
    return started;
  }
  return {
    endpoints: () => running().emulators,
    dynamoDb: (config) => running().clients.dynamoDb(config),
    s3: (config) => running().clients.s3(config),
    sqs: (config) => running().clients.sqs(config),
    destroy: () => running().clients.destroy(),
    freshName(prefix) {
      names += 1;
      return `${prefix}-${run}-${names}`;
    },
  };
}
