import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';

/**
 * Four tries with the SDK's own back-off and its retry token bucket, which stops a struggling service from being hit harder.
 * `adaptive` mode would also slow down the client side of a function that lives for seconds; it pays for fleets, not here.
 */
export const RETRIES = { maxAttempts: 4, retryMode: 'standard' } as const;
const CONNECT_MS = 2_000;
/** Tables and queues answer in tens of milliseconds; a slow answer is a lost one. */
const TABLE_REQUEST_MS = 3_000;
/** A receive may wait 20 s for messages. */
const QUEUE_REQUEST_MS = 25_000;
/** Until the first byte of the answer; bodies of tens of megabytes are bounded by IDLE_MS between two reads. */
const OBJECT_REQUEST_MS = 30_000;
const IDLE_MS = 10_000;

// Without throwOnRequestTimeout the SDK only logs a warning when the time is up.
const transport = (requestTimeout: number) => ({
  requestHandler: {
    connectionTimeout: CONNECT_MS,
    requestTimeout,
    throwOnRequestTimeout: true,
    socketTimeout: Math.max(IDLE_MS, requestTimeout),
  },
});

export const TABLE_TRANSPORT = transport(TABLE_REQUEST_MS);

/** Anything else the SDK takes; region, credentials and endpoints come from its own standard variables. */
type Overrides = Pick<DynamoDBClientConfig, 'region' | 'endpoint' | 'credentials' | 'maxAttempts'>;

export const dynamoClient = (overrides: Overrides = {}): DynamoDBClient =>
  new DynamoDBClient({ ...RETRIES, ...TABLE_TRANSPORT, ...overrides });

export const sqsClient = (overrides: Overrides = {}): SQSClient =>
  new SQSClient({ ...RETRIES, ...transport(QUEUE_REQUEST_MS), ...overrides });

/**
 * `customEndpoint` is whether AWS_ENDPOINT_URL_S3 is set: S3 itself is addressed as bucket.s3.region.amazonaws.com, any other
 * endpoint by path, since nobody has a DNS name per bucket there.
 */
export const s3Client = (customEndpoint: boolean, overrides: Overrides = {}): S3Client =>
  new S3Client({ ...RETRIES, ...transport(OBJECT_REQUEST_MS), forcePathStyle: customEndpoint, ...overrides });
