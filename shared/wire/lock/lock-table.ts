/**
 * The table of locks as plain data, so that the stack, the local system and the tests make the same one. Waiters stand under another
 * partition key than the lock, on purpose: a table with a local index keeps one key's items together, and a storm of arrivals must
 * never slow a release.
 *
 *   pk         sk           what
 *   L#LOCK     S            the lock: its state and its holders
 *   Q#LOCK     W#HOST       a waiter; index byTicket sorts by `k`
 *   Q#LOCK     T            counter of tickets
 *   E#LOCK     000000000042 audit: the write that made version 42
 *   H#HOST     L#LOCK       what the host holds, written from the stream
 *   FID#7      S            the name of the lock with number 7; FID / T counts
 */
export const LOCK_TABLE = {
  partitionKey: 'pk',
  sortKey: 'sk',
  localIndex: { name: 'byTicket', sortKey: 'k', sortKeyType: 'N', include: ['ls', 'iv', 'w'] },
  globalIndex: { name: 'byKind', partitionKey: 'kind', sortKey: 'name' },
  stream: 'NEW_AND_OLD_IMAGES',
  timeToLive: 'ttl',
} as const;

/** The input of CreateTable, as the emulators and the SDK take it. */
export const lockTableInput = (TableName: string) => ({
  TableName,
  BillingMode: 'PAY_PER_REQUEST' as const,
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' as const },
    { AttributeName: 'sk', AttributeType: 'S' as const },
    { AttributeName: 'k', AttributeType: 'N' as const },
    { AttributeName: 'kind', AttributeType: 'S' as const },
    { AttributeName: 'name', AttributeType: 'S' as const },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' as const },
    { AttributeName: 'sk', KeyType: 'RANGE' as const },
  ],
  LocalSecondaryIndexes: [
    {
      IndexName: LOCK_TABLE.localIndex.name,
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' as const },
        { AttributeName: 'k', KeyType: 'RANGE' as const },
      ],
      Projection: { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: [...LOCK_TABLE.localIndex.include] },
    },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: LOCK_TABLE.globalIndex.name,
      KeySchema: [
        { AttributeName: 'kind', KeyType: 'HASH' as const },
        { AttributeName: 'name', KeyType: 'RANGE' as const },
      ],
      Projection: { ProjectionType: 'KEYS_ONLY' as const },
    },
  ],
  StreamSpecification: { StreamEnabled: true, StreamViewType: LOCK_TABLE.stream },
});

export interface LockKey {
  readonly pk: string;
  readonly sk: string;
}

const VERSION_DIGITS = 12;

export const lockKey = (lock: string): LockKey => ({ pk: `L#${lock}`, sk: 'S' });
export const queueOf = (lock: string): string => `Q#${lock}`;
export const waiterKey = (lock: string, host: string): LockKey => ({ pk: queueOf(lock), sk: `W#${host}` });
export const ticketKey = (lock: string): LockKey => ({ pk: queueOf(lock), sk: 'T' });
export const eventsOf = (lock: string): string => `E#${lock}`;
export const eventKey = (lock: string, version: number): LockKey => ({
  pk: eventsOf(lock),
  sk: String(version).padStart(VERSION_DIGITS, '0'),
});
export const hostKey = (host: string, lock: string): LockKey => ({ pk: `H#${host}`, sk: `L#${lock}` });
export const idKey = (id: number): LockKey => ({ pk: `FID#${id}`, sk: 'S' });
export const ID_COUNTER: LockKey = { pk: 'FID', sk: 'T' };

/** The lock that a change of the table is about; undefined when it is about something else. */
export const lockOfKey = ({ pk, sk }: LockKey): string | undefined =>
  sk === 'S' && pk.startsWith('L#') ? pk.slice('L#'.length) : undefined;
