import { DynamoDBClient, GetItemCommand, ScanCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';

/**
 * `aws dynamodb get-item|update-item|scan --SOME-OPTION VALUE …` as far as pages of this repository use it, for machines without the
 * real one: options are the API's members in another spelling, values that begin with a brace are JSON.
 */
const [service = '', operation = '', ...words] = process.argv.slice(2);
const input: Record<string, unknown> = {};
for (let at = 0; at < words.length; at += 1) {
  const [, name = ''] = /^--([a-z-]+)$/.exec(words[at] ?? '') ?? [];
  if (name === '') throw new Error(`an option was expected, not ${words[at]}`);
  const member = name.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const value = words[at + 1];
  const isFlag = value === undefined || value.startsWith('--');
  if (!isFlag) at += 1;
  if (member !== 'Output') input[member] = isFlag ? true : value.startsWith('{') ? JSON.parse(value) : value;
}

const client = new DynamoDBClient({ maxAttempts: 1 });
const commands: Readonly<Record<string, () => Promise<unknown>>> = {
  'get-item': () => client.send(new GetItemCommand(input as never)),
  'update-item': () => client.send(new UpdateItemCommand(input as never)),
  scan: () => client.send(new ScanCommand(input as never)),
};
const run = service === 'dynamodb' ? commands[operation] : undefined;
if (run === undefined) throw new Error(`aws ${service} ${operation} is not known here`);
const { $metadata: _, ...answer } = (await run()) as Record<string, unknown>;
if (Object.keys(answer).length > 0) console.log(JSON.stringify(answer));
