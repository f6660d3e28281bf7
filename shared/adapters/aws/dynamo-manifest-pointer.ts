import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { Generation } from '#domain/master/manifest.ts';
import type { ManifestPointer, ManifestPublish, ManifestStore } from '#ports/manifest-store.ts';
import { manifestPointerKey, parseManifestPointer, printManifestPointer } from '#wire/manifest-pointer.ts';
import { callAws } from './call-aws.ts';
import { fromItem, type Item, toItem } from './flat-item.ts';

/** The pointer half of a manifest store: `publish` is only the conditional move. */
export interface ManifestPointers extends Pick<ManifestStore, 'pointer' | 'confirm'> {
  move(next: ManifestPointer, expected: Generation | undefined): Promise<ManifestPublish>;
}

const keyOf = (category: string): Item => toItem({ pointer: manifestPointerKey(category) });

/** Clauses: `isFirst` there is no pointer yet; `isStill` the pointer is at the generation that the scan compared with. */
const moveInput = (table: string, next: ManifestPointer, expected: Generation | undefined): UpdateItemCommandInput => {
  const isFirst = 'attribute_not_exists(#generation)';
  const isStill = '#generation = :expected';
  const { pointer: _key, ...fields } = printManifestPointer(next);
  const names = Object.keys(fields);
  const prefixed = Object.fromEntries(Object.entries(fields).map(([name, value]) => [`:${name}`, value]));
  return {
    TableName: table,
    Key: keyOf(next.category),
    ConditionExpression: expected === undefined ? isFirst : isStill,
    UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`,
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: toItem(expected === undefined ? prefixed : { ...prefixed, ':expected': expected }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  };
};

/**
 * A refused move whose old item is what we wanted to write is our own move, whose reply was lost, or that of somebody who found
 * the very same: published.
 */
const outcomeOfRefusal = (refusal: ConditionalCheckFailedException, next: ManifestPointer): ManifestPublish => {
  const winner = refusal.Item === undefined ? undefined : parseManifestPointer(fromItem(refusal.Item));
  const ours = winner?.generation === next.generation && winner.name === next.name;
  return ours ? { kind: 'published', pointer: winner } : { kind: 'lost', winner };
};

export const dynamoManifestPointers = (client: DynamoDBClient, table: string): ManifestPointers => ({
  pointer: (category) =>
    callAws(`reading the manifest pointer of ${category}`, async () => {
      const command = new GetItemCommand({ TableName: table, Key: keyOf(category), ConsistentRead: true });
      const { Item: item } = await client.send(command);
      return item === undefined ? undefined : parseManifestPointer(fromItem(item));
    }),

  move: (next, expected) =>
    callAws(`moving the manifest pointer of ${next.category}`, async () => {
      try {
        await client.send(new UpdateItemCommand(moveInput(table, next, expected)));
        return { kind: 'published', pointer: next };
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return outcomeOfRefusal(error, next);
        throw error;
      }
    }),

  confirm: (pointer, scannedMs) =>
    callAws(`confirming the manifest of ${pointer.category}`, async () => {
      const isStillNamed = '#name = :name';
      // A scan that ended later than ours may have been noted already.
      const isLater = '#scannedMs < :scannedMs';
      try {
        await client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: keyOf(pointer.category),
            ConditionExpression: `${isStillNamed} AND ${isLater}`,
            UpdateExpression: 'SET #scannedMs = :scannedMs',
            ExpressionAttributeNames: { '#name': 'name', '#scannedMs': 'scannedMs' },
            ExpressionAttributeValues: toItem({ ':name': pointer.name, ':scannedMs': scannedMs }),
          }),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    }),
});
