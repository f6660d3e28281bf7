import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { s3Reader } from '#adapters/aws/s3-reader.ts';
import { s3SnapshotSource } from '#adapters/aws/s3-snapshot-source.ts';
import { jsonLog } from '#lambda/json-log.ts';
import { openSnapshot } from '#wire/snapshot/open-snapshot.ts';
import { answer, type HttpReply } from './answer.ts';
import { parseConfig } from './config.ts';
import { heldSnapshot } from './held-snapshot.ts';

const config = parseConfig(process.env);
const log = jsonLog();
const clock = { now: Date.now };
const source = s3SnapshotSource(s3Reader({ ...config, now: () => new Date() }));
const deps = { snapshot: heldSnapshot({ source, open: openSnapshot, clock, log }), clock };

export const handler = (event: LambdaFunctionURLEvent): Promise<HttpReply> =>
  answer(deps, {
    method: event.requestContext.http.method,
    path: event.rawPath,
    query: event.rawQueryString,
    headers: event.headers,
  });
