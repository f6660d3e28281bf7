import type { DynamoDBRecord } from 'aws-lambda';
import { dynamoClient } from '#adapters/aws/clients.ts';
import { dynamoLockAudit } from '#adapters/aws/dynamo-lock-audit.ts';
import type { Item } from '#adapters/aws/flat-item.ts';
import { fromAttributes } from '#adapters/aws/plain-item.ts';
import { jsonLog } from '#lambda/json-log.ts';
import { metric } from '#lambda/metrics.ts';
import { streamBatch } from '#lambda/stream-batch.ts';
import { parseLockChange } from '#wire/lock/lock-change.ts';
import { parseConfig } from './config.ts';
import { recordLockEvents } from './record-lock-events.ts';

const config = parseConfig(process.env);
const log = jsonLog();
const deps = { audit: dynamoLockAudit(dynamoClient(), config.lockTable), log };

type Image = NonNullable<DynamoDBRecord['dynamodb']>['NewImage'];
/** The event's attributes are the SDK's, but for bytes, which no lock has. */
const plain = (image: Image) => (image === undefined ? undefined : fromAttributes(image as Item));

const recordChange = async ({ dynamodb }: DynamoDBRecord) => {
  const keys = plain(dynamodb?.Keys) ?? {};
  const change = parseLockChange({ keys, before: plain(dynamodb?.OldImage), after: plain(dynamodb?.NewImage) });
  const outcome = await recordLockEvents(deps, change);
  if (outcome.kind !== 'passed') for (const signal of outcome.signals) metric(signal, 1, 'Count');
  return outcome;
};

export const handler = streamBatch(log, recordChange, () => metric('LockAuditGaps', 1, 'Count'));
