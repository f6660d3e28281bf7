import { parseArgs } from 'node:util';
import { USAGE_EXIT } from '../update/workflow/outcome.ts';
import { type Command, type CommandFamily, type OptionValues, type Terminal, UsageProblem } from './command.ts';

/** By the first word: a command, or a family of commands that the second word chooses from. */
export type CommandTable = Readonly<Record<string, CommandFamily | Command>>;

const PROGRAM = 'mirrortide';
const HELP_FLAGS = ['--help', '-h', 'help'];

/** Finds the command that the words name and runs it; resolves to the exit code. */
export async function runCommandLine(table: CommandTable, words: readonly string[], terminal: Terminal): Promise<number> {
  const [familyName, commandName, ...rest] = words;
  if (familyName === undefined || HELP_FLAGS.includes(familyName))
    return help(terminal, programHelp(table), familyName !== undefined);
  const family = Object.hasOwn(table, familyName) ? table[familyName] : undefined;
  if (family === undefined) return misused(terminal, `there is no command "${familyName}"`, programHelp(table));
  if ('run' in family) return runCommand(familyName, family, words.slice(1), terminal);
  if (commandName === undefined || HELP_FLAGS.includes(commandName))
    return help(terminal, familyHelp(familyName, family), commandName !== undefined);
  const command = Object.hasOwn(family.commands, commandName) ? family.commands[commandName] : undefined;
  if (command === undefined)
    return misused(terminal, `there is no command "${familyName} ${commandName}"`, familyHelp(familyName, family));
  return runCommand(`${familyName} ${commandName}`, command, rest, terminal);
}

/** Words of our own: those after `--` are somebody else's. */
const ownWords = (words: readonly string[]): readonly string[] => {
  const end = words.indexOf('--');
  return end === -1 ? words : words.slice(0, end);
};

async function runCommand(name: string, command: Command, words: readonly string[], terminal: Terminal): Promise<number> {
  if (ownWords(words).some((word) => word === '--help' || word === '-h')) return help(terminal, commandHelp(name, command), true);
  try {
    const { options, operands } = parseWords(command, words);
    return await command.run(options, terminal, operands);
  } catch (error) {
    if (error instanceof UsageProblem) return misused(terminal, error.message, `${PROGRAM} ${name} --help says more.\n`);
    throw error;
  }
}

/** `--after_reboot` and `--cfg` are how the updaters before us spelt it. */
function parseWords(
  command: Command,
  words: readonly string[],
): { readonly options: OptionValues; readonly operands: readonly string[] } {
  const own = ownWords(words);
  const spelt = own.map((word) => (word.startsWith('--') ? word.replace(/^[^=]*/, (name) => name.replaceAll('_', '-')) : word));
  const args = [...spelt, ...words.slice(own.length)];
  const options = Object.fromEntries(Object.entries(command.options).map(([name, { type }]) => [name, { type }]));
  try {
    const allowPositionals = command.operands !== undefined;
    const { values, positionals } = parseArgs({ args, options, strict: true, allowPositionals });
    const single = Object.entries(values).filter((entry): entry is [string, string | boolean] => !Array.isArray(entry[1]));
    return { options: Object.fromEntries(single), operands: positionals };
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
  const operands = command.operands === undefined ? '' : ` ${command.operands}`;
  return `usage: ${PROGRAM} ${name} [options]${operands}\n\n${command.summary}\n\n${columns([...options, ['--help', 'this text']])}${details}`;
}
