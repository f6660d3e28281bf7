import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';

/** Every item of a table as text, in any order; whoever writes nothing leaves it as it is. */
export const tableContents = async (dynamo: DynamoDBClient, table: string): Promise<readonly string[]> => {
  const texts: string[] = [];
  for await (const { Items: items = [] } of paginateScan({ client: dynamo }, { TableName: table, ConsistentRead: true })) {
    texts.push(...items.map((item) => JSON.stringify(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))));
  }
  return texts;
};
