import { randomUUID } from 'node:crypto';
import { ConditionalCheckFailedException, type DynamoDBClient, paginateQuery, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Observation } from '#domain/crawl/observation.ts';
import { WireError } from '#domain/errors.ts';
import type { LeaseGrant, ObservationStore } from '#ports/observation-store.ts';
import { parseObservation, printObservation } from '#wire/observation-item.ts';
import { callAws } from './call-aws.ts';
import { type Item, toItem, wholeNumber } from './flat-item.ts';

const NAMES = { '#fence': 'fence', '#owner': 'owner', '#until': 'leaseUntilMs' };

const observationOf = (item: Item | undefined): Observation | undefined => {
  const text = item?.['observation']?.S;
  if (text === undefined) return undefined;
  try {
    return parseObservation(text);
  } catch (cause) {
    throw new WireError(`the observation of ${item?.['host']?.S} in ${item?.['category']?.S} is damaged`, { cause });
  }
};

const grantOf = (item: Item | undefined): LeaseGrant => ({
  kind: 'granted',
  fence: wholeNumber(item, 'fence'),
  observation: observationOf(item),
});

/**
 * One item per category and host: `fence` (only grows), `owner` and `leaseUntilMs` (only while a lease is out), `observation`.
 *
 *   A acquires, fence 1          until
 *   ────●━━━━━━━━━━━━━━━━━━━━━━━━━┿─────────────────▶
 *       owner A                   ┊   ● B acquires, fence 2     isFree no, isLapsed yes
 *                                 ┊   ┊    ● A writes with 1    isOurs no → lost, changes nothing
 *                                 ┊   ┊    ┊   ● B writes with 2 → written, owner and until removed
 *
 * Clauses: `isFree` nobody has the lease; `isLapsed` its time is over by the caller's clock; `isOurs` the fence is still the
 * last one given and the lease was not given back.
 *
 * Lost replies. The SDK repeats a request whose reply it missed, and the repeat meets what the first one did. So each acquire
 * brings a token of its own: a refused acquire that finds its own token was granted before, with that fence (and no second
 * increment, since a late first request would otherwise void the fence in use). A refused write that finds its own fence, no
 * owner and its own text was written before.
 */
export const dynamoObservationStore = (
  dynamo: DynamoDBClient,
  table: string,
  newToken: () => string = randomUUID,
): ObservationStore => {
  const acquire = async (key: Item, owner: string, nowMs: number, untilMs: number): Promise<LeaseGrant> => {
    const isFree = 'attribute_not_exists(#owner)';
    const isLapsed = '#until <= :now';
    try {
      const { Attributes: item } = await dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: key,
          ConditionExpression: `${isFree} OR ${isLapsed}`,
          UpdateExpression: 'SET #fence = if_not_exists(#fence, :zero) + :one, #owner = :owner, #until = :until',
          ExpressionAttributeNames: NAMES,
          ExpressionAttributeValues: toItem({ ':zero': 0, ':one': 1, ':owner': owner, ':until': untilMs, ':now': nowMs }),
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return grantOf(item);
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      if (error.Item?.['owner']?.S === owner) return grantOf(error.Item);
      return { kind: 'held', untilMs: wholeNumber(error.Item, 'leaseUntilMs') };
    }
  };

  const write = async (key: Item, text: string, fence: number): Promise<'written' | 'lost'> => {
    const isOurs = '#fence = :fence AND attribute_exists(#owner)';
    try {
      await dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: key,
          ConditionExpression: isOurs,
          UpdateExpression: 'SET #observation = :observation REMOVE #owner, #until',
          ExpressionAttributeNames: { ...NAMES, '#observation': 'observation' },
          ExpressionAttributeValues: toItem({ ':fence': fence, ':observation': text }),
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return 'written';
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      const { fence: last, owner, observation } = error.Item ?? {};
      const writtenBefore = last?.N === String(fence) && owner === undefined && observation?.S === text;
      return writtenBefore ? 'written' : 'lost';
    }
  };

  return {
    acquire: (host, category, nowMs, untilMs) =>
      callAws(`acquiring ${host} in ${category}`, () => acquire(toItem({ category, host }), newToken(), nowMs, untilMs)),

    write: (observation, fence) =>
      callAws(`writing the observation of ${observation.host} in ${observation.category}`, async () => {
        const key = toItem({ category: observation.category, host: observation.host });
        return { kind: await write(key, printObservation(observation), fence) };
      }),

    // Eventually consistent, at half the price: the next plan or snapshot is a minute away.
    list: (category) =>
      callAws(`listing the observations of ${category}`, async () => {
        const pages = paginateQuery(
          { client: dynamo },
          {
            TableName: table,
            KeyConditionExpression: '#category = :category',
            ProjectionExpression: '#category, #host, #observation',
            ExpressionAttributeNames: { '#category': 'category', '#host': 'host', '#observation': 'observation' },
            ExpressionAttributeValues: toItem({ ':category': category }),
          },
        );
        const observations: Observation[] = [];
        for await (const { Items: items = [] } of pages) {
          observations.push(...items.map(observationOf).filter((observation) => observation !== undefined));
        }
        return observations;
      }),
  };
};
