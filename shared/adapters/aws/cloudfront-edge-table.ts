// Registers the SigV4a signer: requests to the key-value store are signed for all regions, which the SDK cannot do by itself.
import '@aws-sdk/signature-v4a';
import {
  CloudFrontKeyValueStoreClient,
  type CloudFrontKeyValueStoreClientConfig,
  ConflictException,
  type DeleteKeyRequestListItem,
  DescribeKeyValueStoreCommand,
  type PutKeyRequestListItem,
  paginateListKeys,
  UpdateKeysCommand,
} from '@aws-sdk/client-cloudfront-keyvaluestore';
import { Fault } from '#domain/errors.ts';
import type { EdgeEntry, EdgeTable } from '#ports/edge-table.ts';
import { callAws } from './call-aws.ts';
import { RETRIES, TABLE_TRANSPORT } from './clients.ts';

/** UpdateKeys takes no more changes at once (Amazon CloudFront quotas: 50 keys or 3 MB). */
const CHANGES_AT_ONCE = 50;
/** Whole replacements, each from a fresh listing, when somebody else writes at the same time. */
const TRIES = 3;

type Change =
  | { readonly kind: 'put'; readonly entry: PutKeyRequestListItem }
  | { readonly kind: 'delete'; readonly entry: DeleteKeyRequestListItem };

/** Only for this adapter, so it stands here: other functions must not carry its code. */
export const keyValueStoreClient = (
  overrides: Pick<CloudFrontKeyValueStoreClientConfig, 'region' | 'credentials' | 'requestHandler'> = {},
): CloudFrontKeyValueStoreClient => new CloudFrontKeyValueStoreClient({ ...RETRIES, ...TABLE_TRANSPORT, ...overrides });

/** Puts first: a client that is asked about meanwhile finds too much rather than too little. */
const changesBetween = (stored: ReadonlyMap<string, string>, wanted: ReadonlyMap<string, string>): Change[] => [
  ...[...wanted]
    .filter(([key, value]) => stored.get(key) !== value)
    .map(([Key, Value]) => ({ kind: 'put', entry: { Key, Value } }) as const),
  ...[...stored.keys()].filter((key) => !wanted.has(key)).map((Key) => ({ kind: 'delete', entry: { Key } }) as const),
];

const update = async (client: CloudFrontKeyValueStoreClient, arn: string, etag: string, changes: readonly Change[]) => {
  const command = new UpdateKeysCommand({
    KvsARN: arn,
    IfMatch: etag,
    Puts: changes.flatMap((change) => (change.kind === 'put' ? [change.entry] : [])),
    Deletes: changes.flatMap((change) => (change.kind === 'delete' ? [change.entry] : [])),
  });
  return (await client.send(command)).ETag ?? '';
};

/**
 * The viewer function's table in CloudFront. Every update names the ETag that the one before returned:
 *
 *   describe (ETag) ── list ── update 50 (If-Match) ── update 50 (If-Match) …
 *
 * A conflict is another writer, or our own update whose reply was lost: both are settled by listing again.
 */
export const cloudfrontEdgeTable = (client: CloudFrontKeyValueStoreClient, arn: string): EdgeTable => {
  const stored = async (): Promise<Map<string, string>> => {
    const entries = new Map<string, string>();
    for await (const { Items: items = [] } of paginateListKeys({ client }, { KvsARN: arn })) {
      for (const { Key: key = '', Value: value = '' } of items) entries.set(key, value);
    }
    return entries;
  };

  const replaceOnce = async (wanted: ReadonlyMap<string, string>): Promise<number> => {
    const described = await client.send(new DescribeKeyValueStoreCommand({ KvsARN: arn }));
    const changes = changesBetween(await stored(), wanted);
    let etag = described.ETag ?? '';
    for (let start = 0; start < changes.length; start += CHANGES_AT_ONCE) {
      etag = await update(client, arn, etag, changes.slice(start, start + CHANGES_AT_ONCE));
    }
    return changes.length;
  };

  return {
    replace: (entries: readonly EdgeEntry[]) =>
      callAws('replacing the edge table', async () => {
        const wanted = new Map(entries.map(({ key, value }) => [key, value]));
        for (let attempt = 1; attempt <= TRIES; attempt += 1) {
          try {
            return await replaceOnce(wanted);
          } catch (error) {
            if (!(error instanceof ConflictException)) throw error;
          }
        }
        throw new Fault(`the edge table met other writers ${TRIES} times`);
      }),
  };
};
