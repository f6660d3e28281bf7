import { createHash } from 'node:crypto';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { BYTES_KEPT_MS, type KeptCopy } from '#domain/content/proxy-copy.ts';
import type { EpochMs } from '#domain/inventory/inventory.ts';
import type { CopyLook, ProxiedCopies, ProxiedUrl } from '#ports/proxied-copies.ts';
import { COPY, LEASED_BY, LEASED_UNTIL, parseProxied, printCopy, proxiedKey } from '#wire/volume/proxied-item.ts';
import { EXPIRES } from '#wire/volume/volume-table.ts';
import { callAws } from './call-aws.ts';
import { fromAttributes, toAttributes } from './plain-item.ts';

const NAMES = { '#by': LEASED_BY, '#until': LEASED_UNTIL, '#copy': COPY, '#expires': EXPIRES, '#known': 'known' };
/** What is no file is believed for minutes; a lease lapses sooner. */
const OTHER_KEPT_MS = 86_400_000;

const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');

const seconds = (atMs: EpochMs): number => Math.ceil(atMs / 1000);
const fileExpires = (storedMs: EpochMs): number => seconds(storedMs + BYTES_KEPT_MS);

const expiresAt = ({ known, checkedMs, trouble }: KeptCopy): number =>
  known?.kind === 'file' ? fileExpires(known.storedMs) : seconds(Math.max(checkedMs, trouble?.untilMs ?? 0) + OTHER_KEPT_MS);

interface Change {
  readonly set: string;
  readonly condition: string;
  readonly values: Readonly<Record<string, unknown>>;
}

interface Changed extends CopyLook {
  readonly isDone: boolean;
}

/** One item per URL, in the table of volumes. */
export const dynamoProxiedCopies = (dynamo: DynamoDBClient, table: string): ProxiedCopies => {
  const keyOf = ({ volume, url }: ProxiedUrl) => toAttributes({ ...proxiedKey(volume, url, sha256Of) });

  const change = async (of: ProxiedUrl, { set, condition, values }: Change): Promise<Changed> => {
    const isUsed = ([name]: readonly [string, string]): boolean => `${set} ${condition}`.includes(name);
    const command = new UpdateItemCommand({
      TableName: table,
      Key: keyOf(of),
      UpdateExpression: set,
      ConditionExpression: condition,
      ExpressionAttributeNames: Object.fromEntries(Object.entries(NAMES).filter(isUsed)),
      ExpressionAttributeValues: toAttributes(values),
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    try {
      const { Attributes: item } = await dynamo.send(command);
      return { isDone: true, ...parseProxied(fromAttributes(item ?? {})) };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { isDone: false, ...parseProxied(fromAttributes(error.Item ?? {})) };
    }
  };

  return {
    look: (of) =>
      callAws(`looking for what is kept in ${of.volume}`, async () => {
        const { Item: item } = await dynamo.send(new GetItemCommand({ TableName: table, Key: keyOf(of), ConsistentRead: true }));
        return parseProxied(fromAttributes(item ?? {}));
      }),

    lease: (of, { by, nowMs, untilMs }) =>
      callAws(`leasing a URL of ${of.volume}`, async () => {
        const { isDone, ...look } = await change(of, {
          set: 'SET #by = :by, #until = :until, #expires = if_not_exists(#expires, :expires)',
          // One's own: the reply of an earlier try was lost.
          condition: 'attribute_not_exists(#by) OR #until <= :now OR #by = :by',
          values: { ':by': by, ':until': untilMs, ':now': nowMs, ':expires': seconds(nowMs + OTHER_KEPT_MS) },
        });
        return { kind: isDone ? 'leased' : 'taken', ...look };
      }),

    settle: (of, by, copy) =>
      callAws(`writing what is kept in ${of.volume}`, async () => {
        await change(of, {
          set: 'SET #copy = :copy, #expires = :expires REMOVE #by, #until',
          condition: '#by = :by',
          values: { ':by': by, ':copy': printCopy(copy), ':expires': expiresAt(copy) },
        });
      }),

    release: (of, by) =>
      callAws(`ending the lease of a URL of ${of.volume}`, async () => {
        await change(of, { set: 'REMOVE #by, #until', condition: '#by = :by', values: { ':by': by } });
      }),

    renewed: (of, sha256, storedMs) =>
      callAws(`writing that bytes of ${of.volume} were renewed`, async () => {
        await change(of, {
          set: 'SET #copy.#known.storedMs = :stored, #expires = :expires',
          condition: '#copy.#known.sha256 = :sha256',
          values: { ':sha256': sha256, ':stored': storedMs, ':expires': fileExpires(storedMs) },
        });
      }),
  };
};
