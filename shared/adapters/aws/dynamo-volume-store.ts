import { setTimeout as delay } from 'node:timers/promises';
import {
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { newPointer, type ReleaseWrite, type VolumeChange } from '#domain/volume/volume-state.ts';
import { MOST_VOLUMES, type VolumeStore, type VolumeWrite } from '#ports/volume-store.ts';
import {
  parsePointer,
  parseRelease,
  parseVolumeEvent,
  parseVolumeId,
  printPointer,
  printRelease,
  printVolumeEvent,
  STATE_ATTRIBUTE,
  VERSION_ATTRIBUTE,
} from '#wire/volume/volume-items.ts';
import {
  logPartition,
  pointerKey,
  RELEASE_PREFIX,
  releaseKey,
  VOLUMES_PARTITION,
  versionText,
  volumePartition,
} from '#wire/volume/volume-table.ts';
import { callAws } from './call-aws.ts';
import { changeVolumes } from './change-volumes.ts';
import { fromAttributes, toAttributes } from './plain-item.ts';
import { queryPartition } from './query-partition.ts';

/** Two transactions over one item: whoever comes again at once collides again. */
const CONFLICT_PAUSE_MS = 40;

const unlessChanged = (attribute: string, seen: number | string | undefined) => ({
  ConditionExpression: seen === undefined ? 'attribute_not_exists(#a)' : '#a = :seen',
  ExpressionAttributeNames: { '#a': attribute },
  ...(seen === undefined ? {} : { ExpressionAttributeValues: toAttributes({ ':seen': seen }) }),
});

const releasePut = (table: string, { from, next }: ReleaseWrite): TransactWriteItem => ({
  Put: {
    TableName: table,
    Item: toAttributes({ ...releaseKey(next.volume, next.root), ...printRelease(next) }),
    ...unlessChanged(STATE_ATTRIBUTE, from === 'none' ? undefined : from),
  },
});

/** With a volume's first decision, so that no release can be there that a list of all volumes does not lead to. */
const volumePut = (table: string, volume: string): TransactWriteItem => ({
  Put: { TableName: table, Item: toAttributes({ pk: VOLUMES_PARTITION, sk: volume }) },
});

/** Pointer, releases and the log's entry, which nobody else wrote: so every version has exactly one. */
const changeItems = (table: string, { seen, next, releases, event }: VolumeChange): readonly TransactWriteItem[] => [
  ...(seen === 0 ? [volumePut(table, next.volume)] : []),
  {
    Put: {
      TableName: table,
      Item: toAttributes({ ...pointerKey(next.volume), ...printPointer(next) }),
      ...unlessChanged(VERSION_ATTRIBUTE, seen === 0 ? undefined : seen),
    },
  },
  ...releases.map((release) => releasePut(table, release)),
  {
    Put: {
      TableName: table,
      Item: toAttributes({
        pk: logPartition(next.volume),
        sk: versionText(event.version),
        ...printVolumeEvent(event),
      }),
      ...unlessChanged(VERSION_ATTRIBUTE, undefined),
    },
  },
];

const hasConflict = ({ CancellationReasons: reasons = [] }: TransactionCanceledException): boolean =>
  reasons.some(({ Code: code }) => code === 'TransactionConflict');

type Reading = Pick<VolumeStore, 'volumes' | 'pointer' | 'release' | 'releases' | 'log'>;

const reading = (dynamo: DynamoDBClient, table: string): Reading => {
  const get = async (key: object): Promise<Record<string, unknown> | undefined> => {
    const { Item: item } = await dynamo.send(
      new GetItemCommand({ TableName: table, Key: toAttributes({ ...key }), ConsistentRead: true }),
    );
    return item === undefined ? undefined : fromAttributes(item);
  };
  return {
    volumes: () =>
      callAws('listing volumes', async () => (await queryPartition(dynamo, table, VOLUMES_PARTITION)).map(parseVolumeId)),
    pointer: (volume) =>
      callAws(`reading the pointer of ${volume}`, async () => {
        const item = await get(pointerKey(volume));
        return item === undefined ? newPointer(volume) : parsePointer(volume, item);
      }),
    release: (volume, root) =>
      callAws(`reading a release of ${volume}`, async () => {
        const item = await get(releaseKey(volume, root));
        return item === undefined ? undefined : parseRelease(volume, item);
      }),
    releases: (volume) =>
      callAws(`listing the releases of ${volume}`, async () => {
        const items = await queryPartition(dynamo, table, volumePartition(volume), RELEASE_PREFIX);
        return items.map((item) => parseRelease(volume, item)).sort((one, other) => other.sequence - one.sequence);
      }),
    log: (volume, limit, before) =>
      callAws(`reading the log of ${volume}`, async () => {
        const { Items: items = [] } = await dynamo.send(
          new QueryCommand({
            TableName: table,
            ConsistentRead: true,
            KeyConditionExpression: before === undefined ? 'pk = :pk' : 'pk = :pk AND sk < :before',
            ExpressionAttributeValues: toAttributes({
              ':pk': logPartition(volume),
              ...(before === undefined ? {} : { ':before': versionText(before) }),
            }),
            ScanIndexForward: false,
            Limit: limit,
          }),
        );
        return items.map((item) => parseVolumeEvent(volume, fromAttributes(item)));
      }),
  };
};

/**
 * A decision is one transaction. Two publishers that release at once:
 *
 *   A: pointer at version 7, release VALIDATED, the one before CURRENT, no entry 8   → pointer at 8 names A's
 *   B: pointer at version 7 …                                                        → nothing of it is written; B decides again
 *                                                                                      and is told that something else is current
 *
 * The SDK repeats a transaction whose reply it missed with the same token. Where the table no longer knows the token, the version
 * refuses it, and the log says whose write made that version, whatever was written since.
 */
export const dynamoVolumeStore = (dynamo: DynamoDBClient, table: string): VolumeStore => {
  const reads = reading(dynamo, table);

  const wasWritten = async ({ event }: VolumeChange): Promise<boolean> => {
    const [entry] = await reads.log(event.volume, 1, event.version + 1);
    return entry?.version === event.version && entry.writeId === event.writeId;
  };

  const write = async (changes: readonly VolumeChange[]): Promise<VolumeWrite> => {
    if (changes.length > MOST_VOLUMES) throw new Error(`more than ${MOST_VOLUMES} volumes in one write`);
    const [first] = changes;
    if (first === undefined) return { kind: 'written' };
    const names = changes.map(({ next }) => next.volume).join(', ');
    return callAws(`writing ${names}`, async () => {
      try {
        const TransactItems = changes.flatMap((change) => changeItems(table, change));
        await dynamo.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken: first.event.writeId }));
        return { kind: 'written' };
      } catch (error) {
        if (!(error instanceof TransactionCanceledException)) throw error;
        if (hasConflict(error)) await delay(Math.random() * CONFLICT_PAUSE_MS);
        return (await wasWritten(first)) ? { kind: 'written' } : { kind: 'refused' };
      }
    });
  };

  return { ...reads, write, change: changeVolumes({ ...reads, write }) };
};
