import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { type DynamoDbEmulator, startDynamoDbLocal } from '../../local/emulators/dynamodb.ts';
import { EMULATOR_CREDENTIALS, EMULATOR_REGION } from '../../local/emulators/emulator-identity.ts';

/** Amazon's emulator, for a second opinion. Without Java the file fails, and says what to install: a skipped check is no check. */
export const useDynamoDbLocal = (): ((config?: DynamoDBClientConfig) => DynamoDBClient) => {
  let emulator: DynamoDbEmulator | undefined;
  const clients: DynamoDBClient[] = [];
  beforeAll(async () => {
    emulator = await startDynamoDbLocal().catch((cause: unknown) => {
      throw new Error('DynamoDB Local did not start; on Debian it needs: apt-get install openjdk-17-jre-headless', { cause });
    });
  });
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await emulator?.stop();
  });
  return (config = {}) => {
    if (emulator === undefined) throw new Error('DynamoDB Local runs only during tests');
    const client = new DynamoDBClient({
      endpoint: emulator.endpoint,
      region: EMULATOR_REGION,
      credentials: { ...EMULATOR_CREDENTIALS },
      maxAttempts: 1,
      ...config,
    });
    clients.push(client);
    return client;
  };
};
