import type { OptionValues, Terminal } from '../../cli/command.ts';
import { type Outcome, outcome } from '../../update/workflow/outcome.ts';
import { categoryOf } from '../config/sync-config.ts';
import { syncStateFile } from '../state/sync-state.ts';
import { briefSession, syncPlaces } from './session.ts';
import { pairLine } from './status.ts';

/** `--dry-run`: what would be asked and run, and how things stand. */
export async function planSync(
  options: OptionValues,
  terminal: Terminal,
  commands: readonly (readonly string[])[],
): Promise<Outcome> {
  const { config, service } = briefSession(options, terminal);
  const category = categoryOf(config);
  const { stateFile } = syncPlaces(config, category);
  const left = syncStateFile(stateFile).read();
  const listed = await service.list();
  if (listed.kind === 'refused') return outcome('refused', `the service refuses: ${listed.reason}`);
  if (listed.kind === 'unavailable') return outcome('unavailable', `the service cannot be reached: ${listed.reason}`);
  const pair = listed.pairs.find((one) => one['category'] === category);
  if (pair === undefined) return outcome('refused', `${config.host} does not carry the category ${category}`);
  const plan = {
    host: config.host,
    category,
    mode: config.mode,
    server: config.service.baseUrl,
    commands,
    left: left ?? null,
    now: pair,
  };
  if (options['json'] === true) terminal.out(`${JSON.stringify(plan)}\n`);
  else terminal.out(planLines(plan, stateFile).join('\n').concat('\n'));
  return outcome('finished', 'nothing was changed');
}

interface Plan {
  readonly host: string;
  readonly category: string;
  readonly mode: string;
  readonly server: string;
  readonly commands: readonly (readonly string[])[];
  readonly left: { readonly step: string; readonly startedAt: string } | null;
  readonly now: Readonly<Record<string, unknown>>;
}

const planLines = ({ host, category, mode, server, commands, left, now }: Plan, stateFile: string): readonly string[] => [
  `would begin a synchronisation of ${host}/${category}, mode ${mode}, at ${server}`,
  `now          ${pairLine(now)}`,
  `state file   ${stateFile}${left === null ? '' : `: goes on with a run of ${left.startedAt}, step ${left.step}`}`,
  ...commands.map((command, at) => `${at === 0 ? 'command     ' : 'then        '} ${command.join(' ')}`),
];
