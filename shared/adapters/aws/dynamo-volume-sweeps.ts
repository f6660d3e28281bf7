import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { VolumeSweeps } from '#ports/volume-sweeps.ts';
import { parseSweep, printSweep, SWEEPS_PARTITION, sweepKey } from '#wire/volume/sweep-item.ts';
import { callAws } from './call-aws.ts';
import { toAttributes } from './plain-item.ts';
import { queryPartition } from './query-partition.ts';

/** Two items in the table of volumes. */
export const dynamoVolumeSweeps = (dynamo: DynamoDBClient, table: string): VolumeSweeps => ({
  last: (mode) =>
    callAws('reading how the last sweep went', async () => {
      const sweeps = (await queryPartition(dynamo, table, SWEEPS_PARTITION, mode)).map(parseSweep);
      return sweeps.toSorted((one, other) => other.startedMs - one.startedMs)[0];
    }),

  put: (sweep) =>
    callAws('writing how a sweep goes', async () => {
      const Item = toAttributes({ ...sweepKey(sweep.mode), ...printSweep(sweep) });
      await dynamo.send(new PutItemCommand({ TableName: table, Item }));
    }),
});
