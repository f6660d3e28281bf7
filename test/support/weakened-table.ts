import type { DynamoDBClient, TransactWriteItem, TransactWriteItemsCommandInput } from '@aws-sdk/client-dynamodb';

export type Weaken = (item: TransactWriteItem) => TransactWriteItem;

/** From now on the client's transactions go out with weaker conditions: the same operations over a table that lets more pass. */
export const weakened = (client: DynamoDBClient, weaken: Weaken): void => {
  client.middlewareStack.add(
    (next) => (args) => {
      const input = args.input as TransactWriteItemsCommandInput;
      if (input.TransactItems === undefined) return next(args);
      return next({ ...args, input: { ...input, TransactItems: input.TransactItems.map(weaken) } as typeof args.input });
    },
    { step: 'initialize', name: 'weakened' },
  );
};
