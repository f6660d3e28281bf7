import { parseArgs } from 'node:util';
import { USAGE_EXIT } from '../update/workflow/outcome.ts';
import { type Command, type CommandFamily, type OptionValues, type Terminal, UsageProblem } from './command.ts';

export type CommandTable = Readonly<Record<string, CommandFamily>>;

const PROGRAM = 'mirrortide';
const HELP_FLAGS = ['--help', '-h', 'help'];

/** Finds the command that the words name and runs it; resolves to the exit code. */
export async function runCommandLine(table: CommandTable, words: readonly string[], terminal: Terminal): Promise<number> {
  const [familyName, commandName, ...rest] = words;
  if (familyName === undefined || HELP_FLAGS.includes(familyName))
    return help(terminal, programHelp(table), familyName !== undefined);
  const family = Object.hasOwn(table, familyName) ? table[familyName] : undefined;
  if (family === undefined) return misused(terminal, `there is no command "${familyName}"`, programHelp(table));
  if (commandName === undefined || HELP_FLAGS.includes(commandName))
    return help(terminal, familyHelp(familyName, family), commandName !== undefined);
  const command = Object.hasOwn(family.commands, commandName) ? family.commands[commandName] : undefined;
  if (command === undefined)
    return misused(terminal, `there is no command "${familyName} ${commandName}"`, familyHelp(familyName, family));
  const name = `${familyName} ${commandName}`;
  if (rest.some((word) => word === '--help' || word === '-h')) return help(terminal, commandHelp(name, command), true);
  try {
    return await command.run(parseOptions(command, rest), terminal);
  } catch (error) {
    if (error instanceof UsageProblem) return misused(terminal, error.message, `${PROGRAM} ${name} --help says more.\n`);
    throw error;
  }
}

/** `--after_reboot` and `--cfg` are how the updaters before us spelt it. */
function parseOptions(command: Command, words: readonly string[]): OptionValues {
  const args = words.map((word) => (word.startsWith('--') ? word.replace(/^[^=]*/, (name) => name.replaceAll('_', '-')) : word));
  const options = Object.fromEntries(Object.entries(command.options).map(([name, { type }]) => [name, { type }]));
  try {
    const { values } = parseArgs({ args, options, strict: true, allowPositionals: false });
    return Object.fromEntries(
      Object.entries(values).filter((entry): entry is [string, string | boolean] => !Array.isArray(entry[1])),
    );
  } catch (cause) {
    throw new UsageProblem(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function help(terminal: Terminal, text: string, asked: boolean): number {
  (asked ? terminal.out : terminal.err)(text);
  return asked ? 0 : USAGE_EXIT;
}

function misused(terminal: Terminal, problem: string, text: string): number {
  terminal.err(`${PROGRAM}: ${problem}\n${text}`);
  return USAGE_EXIT;
}

const columns = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('');
};

const programHelp = (table: CommandTable): string =>
  `usage: ${PROGRAM} COMMAND ...\n\n${columns(Object.entries(table).map(([name, family]) => [name, family.summary]))}`;

const familyHelp = (name: string, family: CommandFamily): string =>
  `usage: ${PROGRAM} ${name} COMMAND [options]\n\n${family.summary}\n\n${columns(
    Object.entries(family.commands).map(([command, { summary }]) => [command, summary]),
  )}`;

function commandHelp(name: string, command: Command): string {
  const options = Object.entries(command.options).map(([option, spec]): [string, string] => {
    const [, value = '', text = spec.help] = /^([A-Z|:,]+) {2}(.*)$/.exec(spec.help) ?? [];
    return [`--${option}${value === '' ? '' : ` ${value}`}`, text];
  });
  const details = command.details.length === 0 ? '' : `\n${command.details.join('\n')}\n`;
  return `usage: ${PROGRAM} ${name} [options]\n\n${command.summary}\n\n${columns([...options, ['--help', 'this text']])}${details}`;
}
