/** `npm run apply`: makes the inventory of a deployment equal to a network file. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { dynamoClient } from '#adapters/aws/clients.ts';
import { dynamoInventoryStore } from '#adapters/aws/dynamo-inventory-store.ts';
import type { InventoryChange } from '#ports/inventory-store.ts';
import { printProblems } from '#wire/network-file/read-network-file.ts';
import { loadNetworkFile } from '../agent/network/load-network-file.ts';

const HELP = `npm run apply -- --network FILE --table TABLE [options]

  --network FILE   the network file
  --table TABLE    the inventory table: the output InventoryTable of the deployment
  --dry-run        only say what would change
  --json           one JSON object instead of lines
  --help           this text

Account and region come from the AWS SDK's usual places (AWS_PROFILE, AWS_REGION, …). The same file twice changes nothing the
second time. Exit codes: 0 done, 1 failed with a reason, 2 the command line or the file is wrong.
`;

const USAGE_EXIT = 2;

const complain = (message: string): void => {
  process.stderr.write(`mirrortide: ${message}\n`);
};

const printChange = (change: InventoryChange, dryRun: boolean): string => {
  const lines = [
    ...change.added.map((name) => `+ ${name}`),
    ...change.changed.map((name) => `~ ${name}`),
    ...change.removed.map((name) => `- ${name}`),
  ];
  const verb = dryRun ? 'would change' : 'changed';
  return [...lines, lines.length === 0 ? 'nothing to change' : `${lines.length} ${verb}`, ''].join('\n');
};

const parse = () =>
  parseArgs({
    options: {
      network: { type: 'string' },
      table: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }).values;

const readOptions = (): ReturnType<typeof parse> | undefined => {
  try {
    return parse();
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    return undefined;
  }
};

const applyNetwork = async (): Promise<number> => {
  const options = readOptions();
  if (options?.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (options?.network === undefined || options.table === undefined) {
    complain('--network and --table are needed; npm run apply -- --help says more');
    return USAGE_EXIT;
  }
  const file = resolve(process.env['MIRRORTIDE_CWD'] ?? process.cwd(), options.network);
  const loaded = await loadNetworkFile(file);
  if (loaded.kind === 'invalid') {
    complain(`${options.network} is not a valid network file\n${printProblems(options.network, loaded.problems)}`);
    return USAGE_EXIT;
  }
  const store = dynamoInventoryStore(dynamoClient(), options.table);
  const dryRun = options['dry-run'];
  const change = dryRun ? await store.compare(loaded.inventory) : await store.apply(loaded.inventory);
  process.stdout.write(options.json ? `${JSON.stringify({ dryRun, ...change })}\n` : printChange(change, dryRun));
  return 0;
};

try {
  process.exitCode = await applyNetwork();
} catch (error) {
  complain(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
