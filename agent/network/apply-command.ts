import type { Inventory } from '#domain/inventory/inventory.ts';
import { type ProblemPath, parsePath } from '#wire/network-file/problem.ts';
import { type LoadedNetworkFile, type LocatedProblem, printProblems } from '#wire/network-file/read-network-file.ts';
import { type Command, type Terminal, UsageProblem } from '../cli/command.ts';
import { type ApplyOutcome, applyChanges, type NotApplied } from './apply-changes.ts';
import type { Waiting } from './ask-service.ts';
import { EXIT_CODE_LINES, EXIT_CODES } from './exit-code.ts';
import { loadNetworkFile } from './load-network-file.ts';
import { type NetworkChanges, networkChanges } from './network-changes.ts';
import { SERVICE_OPTIONS, serviceConfig } from './network-options.ts';
import { type NetworkPart, networkParts } from './network-parts.ts';
import { type NetworkService, networkService } from './network-service.ts';
import { printChanges } from './print-changes.ts';
import { readNetwork } from './read-network.ts';

type ValidFile = Extract<LoadedNetworkFile, { kind: 'ok' }>;

/** How a run ended, for `--json`. */
interface Report {
  readonly outcome: 'done' | 'nothing' | 'dry-run' | 'failed' | 'invalid' | 'refused' | 'changed';
  readonly reason?: string;
  readonly problems?: readonly (Partial<LocatedProblem> & { readonly message: string })[];
}

interface Run {
  readonly terminal: Terminal;
  readonly file: string;
  readonly json: boolean;
  readonly prune: boolean;
  readonly dryRun: boolean;
}

const LISTS = { site: 'sites', category: 'categories', host: 'hosts' } as const;

/** Where the file has this part. */
const placeOf = ({ kind, name }: NetworkPart, inventory: Inventory): ProblemPath => {
  const id = name.slice(name.indexOf('/') + 1);
  if (kind === 'settings') return [id];
  const at = inventory[LISTS[kind]].findIndex((one) => one.id === id);
  return at === -1 ? [] : [LISTS[kind], at];
};

/** What the service said of a part, each at its place in the file. */
const placedProblems = ({ part, reason, problems }: NotApplied, file: ValidFile): readonly LocatedProblem[] => {
  const top = placeOf(part, file.inventory);
  const said = problems.length === 0 ? [{ path: '', message: reason }] : problems;
  return said.map(({ path, message }) => {
    const below = parsePath(path);
    if (below !== undefined) return file.problemAt([...top, ...below], message);
    // Of another part: the place is named, and is not in what was sent.
    return file.problemAt(top, `${path}: ${message}`);
  });
};

const changesAsData = ({ changes, kept }: NetworkChanges) => ({
  changes: changes.map(({ operation, part, keys }) => ({
    operation,
    entity: part.name,
    // JSON has no undefined.
    keys: keys.map(({ path, before = null, after = null }) => ({ path, before, after })),
  })),
  kept,
});

const finish = ({ terminal, json }: Run, found: NetworkChanges | undefined, report: Report, code: number): number => {
  if (json) terminal.out(`${JSON.stringify({ ...report, ...(found !== undefined && changesAsData(found)) })}\n`);
  return code;
};

const complain = ({ terminal, json }: Run, message: string): void => {
  if (!json) terminal.err(`mirrortide: ${message}\n`);
};

const invalidFile = (run: Run, problems: readonly LocatedProblem[]): number => {
  complain(run, `${run.file} is not a valid network file\n${printProblems(run.file, problems).trimEnd()}`);
  return finish(run, undefined, { outcome: 'invalid', problems }, EXIT_CODES.usage);
};

const noNetwork = (run: Run, kind: 'refused' | 'unavailable', reason: string): number => {
  complain(run, `the service: ${reason}`);
  if (kind === 'refused') return finish(run, undefined, { outcome: 'refused', reason }, EXIT_CODES.refused);
  return finish(run, undefined, { outcome: 'failed', reason }, EXIT_CODES.failed);
};

const refused = (run: Run, found: NetworkChanges, refusals: readonly NotApplied[], file: ValidFile): number => {
  const all = refusals.map((one) => ({ ...one, placed: placedProblems(one, file) }));
  for (const { operation, part, reason, placed } of all) {
    // What is to go has no place in the file.
    const shown =
      operation === 'remove' ? placed.map(({ message }) => `    ${message}`).join('\n') : printProblems(run.file, placed);
    complain(run, `${part.name} was refused: ${reason}\n${shown.trimEnd()}`);
  }
  const problems = all.flatMap(({ placed }) => placed);
  return finish(run, found, { outcome: 'refused', reason: all[0]?.reason ?? '', problems }, EXIT_CODES.refused);
};

const ended = (run: Run, found: NetworkChanges, outcome: ApplyOutcome, file: ValidFile): number => {
  switch (outcome.kind) {
    case 'done':
      return finish(run, found, { outcome: 'done' }, EXIT_CODES.done);
    case 'refused':
      return refused(run, found, outcome.refusals, file);
    case 'changed':
      complain(run, `${outcome.part.name}: ${outcome.reason}; run it again`);
      return finish(run, found, { outcome: 'changed', reason: `${outcome.part.name}: ${outcome.reason}` }, EXIT_CODES.changed);
    case 'unavailable':
      complain(run, `${outcome.part.name}: ${outcome.reason}; what was done is done, run it again`);
      return finish(run, found, { outcome: 'failed', reason: `${outcome.part.name}: ${outcome.reason}` }, EXIT_CODES.failed);
  }
};

const applyFile = async (run: Run, service: NetworkService): Promise<number> => {
  const { terminal, json } = run;
  const loaded = await loadNetworkFile(run.file);
  if (loaded.kind === 'invalid') return invalidFile(run, loaded.problems);
  const read = await readNetwork(service);
  if (read.kind !== 'ok') return noNetwork(run, read.kind, read.reason);
  const found = networkChanges(networkParts(read.inventory), networkParts(loaded.inventory), run.prune);
  const nothing = found.changes.length === 0;
  if (!json) terminal.out(`${printChanges(found)}${nothing ? 'nothing to change\n' : ''}`);
  if (nothing) return finish(run, found, { outcome: 'nothing' }, EXIT_CODES.done);
  if (run.dryRun) return finish(run, found, { outcome: 'dry-run' }, EXIT_CODES.done);
  const outcome = await applyChanges(service, found.changes, (done, all, name) => {
    if (!json) terminal.err(`[${done}/${all}] ${name}\n`);
  });
  return ended(run, found, outcome, loaded);
};

/** `mirrortide apply`: makes the network of a service equal to a file, through the API of its administration. */
export const applyCommand = (waiting: Waiting): Command => ({
  summary: 'Makes the network of a service equal to a network file',
  details: [
    'Shows what differs, entity by entity and key by key, and changes it through the API, one entity after the other: settings,',
    'sites, categories, hosts. Without --prune nothing is removed. It can be stopped at any time and run again.',
    ...EXIT_CODE_LINES,
  ],
  operands: 'FILE',
  options: {
    ...SERVICE_OPTIONS,
    'dry-run': { type: 'boolean', help: 'only shows what would change' },
    prune: { type: 'boolean', help: 'removes what the file does not have' },
    json: { type: 'boolean', help: 'one JSON object instead of lines' },
  },
  run: async (options, terminal, [file, ...rest]) => {
    if (file === undefined || rest.length > 0) throw new UsageProblem('needs one network file');
    const service = networkService(serviceConfig(options, terminal.environment), waiting);
    const json = options['json'] === true;
    return applyFile({ terminal, file, json, prune: options['prune'] === true, dryRun: options['dry-run'] === true }, service);
  },
});
