import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, expect, test } from 'vitest';
import { callAws } from '#adapters/aws/call-aws.ts';
import { dynamoClient, s3Client } from '#adapters/aws/clients.ts';
import { recentlyRead } from '#adapters/aws/recently-read.ts';
import { Fault, WireError } from '#domain/errors.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const credentials = () => ({ accessKeyId: 'a', secretAccessKey: 'b' });

const serving = async (answer: (url: string | undefined) => number | undefined): Promise<string> => {
  const server = createServer((request, response) => {
    const status = answer(request.url);
    if (status !== undefined) response.writeHead(status).end();
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

test('another endpoint of S3 is addressed by path', async () => {
  const urls: (string | undefined)[] = [];
  const endpoint = await serving((url) => {
    urls.push(url);
    return 404;
  });
  const client = s3Client(true, { region: 'eu-north-1', endpoint, credentials: credentials() });
  await expect(client.send(new GetObjectCommand({ Bucket: 'data', Key: 'a' }))).rejects.toThrow();
  expect(urls).toEqual(['/data/a?x-id=GetObject']);
});

test('a table that never answers is given up', async () => {
  const endpoint = await serving(() => undefined);
  const client = dynamoClient({ region: 'eu-north-1', endpoint, credentials: credentials(), maxAttempts: 1 });
  await expect(client.send(new GetItemCommand({ TableName: 't', Key: {} }))).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('a table that is in trouble is asked four times in all', async () => {
  let asked = 0;
  const endpoint = await serving(() => {
    asked += 1;
    return 500;
  });
  const client = dynamoClient({ region: 'eu-north-1', endpoint, credentials: credentials() });
  await expect(client.send(new GetItemCommand({ TableName: 't', Key: {} }))).rejects.toThrow();
  expect(asked).toBe(4);
});

test('an error of the service or the network becomes a Fault that says what was being done', async () => {
  const cause = new TypeError('socket');
  await expect(callAws('reading x', () => Promise.reject(cause))).rejects.toEqual(new Fault('reading x failed', { cause }));
  for (const known of [new WireError('damaged'), new Fault('throttled')]) {
    await expect(callAws('reading x', () => Promise.reject(known))).rejects.toBe(known);
  }
});

test('the values used longest ago are forgotten first', async () => {
  const reads: string[] = [];
  const remembered = recentlyRead<string>(2);
  const get = (name: string) =>
    remembered(name, async () => {
      reads.push(name);
      return name;
    });
  for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) expect(await get(name)).toBe(name);
  expect(reads).toEqual(['a', 'b', 'c', 'b']);
});
