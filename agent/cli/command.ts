/** What a command is given of the world; tests give it another one. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly userId: number;
  /** Of the program itself, for unit files. */
  readonly program: readonly string[];
  /** Width of the screen that `err` goes to; undefined when it is none. */
  readonly errColumns?: number | undefined;
  /** Somebody may type at it: the kernel then sends Ctrl-C to our children too. */
  readonly isInteractive?: boolean;
}

export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  /** One line for --help; a string option names its value in capitals first, such as `FILE  the configuration`. */
  readonly help: string;
}

export type OptionValues = Readonly<Record<string, string | boolean | undefined>>;

export interface Command {
  readonly summary: string;
  readonly details: readonly string[];
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** What stands beside the options, as the usage line says it: `FILE`, `-- COMMAND ...`. Without it nothing may. */
  readonly operands?: string;
  /** Resolves to the exit code. Everything after `--` is an operand. */
  readonly run: (options: OptionValues, terminal: Terminal, operands: readonly string[]) => Promise<number>;
}

/** Commands under one first word, such as `update`. */
export interface CommandFamily {
  readonly summary: string;
  readonly commands: Readonly<Record<string, Command>>;
}

/** The command line cannot be understood. */
export class UsageProblem extends Error {
  override readonly name = 'UsageProblem';
}

export const textOption = (options: OptionValues, name: string): string | undefined => {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
};

export const numberOption = (options: OptionValues, name: string, max: number): number | undefined => {
  const value = textOption(options, name);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!/^\d+(\.\d+)?$/.test(value) || number > max) throw new UsageProblem(`--${name} ${value}: must be a number up to ${max}`);
  return number;
};

export function choiceOption<Choice extends string>(
  options: OptionValues,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const value = textOption(options, name);
  if (value === undefined) return undefined;
  const chosen = choices.find((choice) => choice === value);
  if (chosen === undefined) throw new UsageProblem(`--${name} ${value}: must be one of ${choices.join(', ')}`);
  return chosen;
}
