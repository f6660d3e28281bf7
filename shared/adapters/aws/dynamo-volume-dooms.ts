import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { Fault } from '#domain/errors.ts';
import { DOOM_MS, isAbandoned } from '#domain/volume/garbage.ts';
import type { Sha256 } from '#domain/volume/tree.ts';
import type { Clock } from '#ports/clock.ts';
import type { VolumeDooms } from '#ports/volume-dooms.ts';
import { DOOMED_AT, DOOMED_BY, doomKey, doomPartition, parseDoom, printDoom } from '#wire/volume/doom-item.ts';
import { callAws } from './call-aws.ts';
import { fromAttributes, toAttributes } from './plain-item.ts';
import { queryPartition } from './query-partition.ts';

type Key = Record<string, AttributeValue>;

/** Of BatchGetItem. */
const BATCH = 100;
const MOST_TRIES = 5;

const unlessRefused = async (write: Promise<unknown>): Promise<boolean> => {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
};

/** One item per doomed object, in the table of volumes. A repeated write of one's own is no refusal: its reply may have been lost. */
export const dynamoVolumeDooms = (dynamo: DynamoDBClient, table: string, clock: Clock = { now: Date.now }): VolumeDooms => {
  const getBatch = async (keys: readonly Key[]): Promise<{ readonly items: readonly Key[]; readonly left: readonly Key[] }> => {
    const RequestItems = { [table]: { Keys: [...keys], ConsistentRead: true } };
    const { Responses, UnprocessedKeys } = await dynamo.send(new BatchGetItemCommand({ RequestItems }));
    return { items: Responses?.[table] ?? [], left: UnprocessedKeys?.[table]?.Keys ?? [] };
  };

  const doomedAmong = async (objects: readonly Sha256[]): Promise<readonly Sha256[]> => {
    const found: Sha256[] = [];
    const nowMs = clock.now();
    let wanted: readonly Key[] = objects.map((sha256) => toAttributes({ ...doomKey(sha256) }));
    for (let tries = 0; wanted.length > 0; tries += 1) {
      if (tries === MOST_TRIES) throw new Fault(`the table left keys out ${MOST_TRIES} times`);
      const { items, left } = await getBatch(wanted);
      const dooms = items.map((item) => parseDoom(fromAttributes(item)));
      found.push(...dooms.filter(({ atMs }) => !isAbandoned(atMs, nowMs)).map(({ sha256 }) => sha256));
      wanted = left;
    }
    return found;
  };

  return {
    doom: (doom) =>
      callAws('dooming an object', async () => {
        const put = new PutItemCommand({
          TableName: table,
          Item: toAttributes({ ...doomKey(doom.sha256), ...printDoom(doom) }),
          ConditionExpression: 'attribute_not_exists(#by) OR #by = :by OR #at <= :abandoned',
          ExpressionAttributeNames: { '#by': DOOMED_BY, '#at': DOOMED_AT },
          ExpressionAttributeValues: toAttributes({ ':by': doom.by, ':abandoned': doom.atMs - DOOM_MS }),
        });
        return (await unlessRefused(dynamo.send(put))) ? 'doomed' : 'taken';
      }),

    lift: (sha256, by) =>
      callAws('lifting a doom', async () => {
        const remove = new DeleteItemCommand({
          TableName: table,
          Key: toAttributes({ ...doomKey(sha256) }),
          ConditionExpression: '#by = :by',
          ExpressionAttributeNames: { '#by': DOOMED_BY },
          ExpressionAttributeValues: toAttributes({ ':by': by }),
        });
        await unlessRefused(dynamo.send(remove));
      }),

    doomed: (objects) =>
      callAws('asking whether objects are doomed', async () => {
        const wanted = [...new Set(objects)];
        const found = new Set<Sha256>();
        for (let start = 0; start < wanted.length; start += BATCH)
          for (const sha256 of await doomedAmong(wanted.slice(start, start + BATCH))) found.add(sha256);
        return found;
      }),

    list: (prefix) =>
      callAws('listing doomed objects', async () => (await queryPartition(dynamo, table, doomPartition(prefix))).map(parseDoom)),
  };
};
