import { ConfigProblem } from './config-problem.ts';

/** Typed access to the keys of one configuration; remembers what was asked for, so that a misspelt key can be named. */
export interface Settings {
  readonly text: (key: string) => string | undefined;
  readonly required: (key: string) => string;
  readonly whole: (key: string, fallback: number, min: number, max: number) => number;
  readonly decimal: (key: string, fallback: number, min: number, max: number) => number;
  readonly yesNo: (key: string, fallback: boolean) => boolean;
  readonly oneOf: <Choice extends string>(key: string, choices: readonly Choice[], fallback: Choice) => Choice;
  readonly list: (key: string) => readonly string[];
  readonly problem: (message: string) => void;
  /** Keys that nobody asked for. */
  readonly unknown: () => readonly string[];
  /** Throws one ConfigProblem that lists everything that is wrong. */
  readonly finish: () => void;
}

const YES = ['1', 'yes', 'true', 'on'];
const NO = ['0', 'no', 'false', 'off'];

/** `values` by the name that messages use, such as `[service] url`. An empty value counts as absent. */
export function settings(values: ReadonlyMap<string, string>): Settings {
  const asked = new Set<string>();
  const problems: string[] = [];
  const text = (key: string): string | undefined => {
    asked.add(key);
    const value = values.get(key)?.trim();
    return value === '' ? undefined : value;
  };
  const number = (key: string, fallback: number, min: number, max: number, shape: RegExp, what: string): number => {
    const value = text(key);
    if (value === undefined) return fallback;
    const parsed = Number(value);
    if (shape.test(value) && parsed >= min && parsed <= max) return parsed;
    problems.push(`${key} = ${value}: must be ${what} from ${min} to ${max}`);
    return fallback;
  };
  return {
    text,
    required: (key) => {
      const value = text(key);
      if (value === undefined) problems.push(`${key} is missing`);
      return value ?? '';
    },
    whole: (key, fallback, min, max) => number(key, fallback, min, max, /^\d{1,15}$/, 'a whole number'),
    decimal: (key, fallback, min, max) => number(key, fallback, min, max, /^\d{1,12}(\.\d{1,6})?$/, 'a number'),
    yesNo: (key, fallback) => {
      const value = text(key)?.toLowerCase();
      if (value === undefined) return fallback;
      if (!YES.includes(value) && !NO.includes(value)) problems.push(`${key} = ${value}: must be yes or no`);
      return YES.includes(value);
    },
    oneOf: (key, choices, fallback) => {
      const value = text(key);
      if (value === undefined) return fallback;
      const chosen = choices.find((choice) => choice === value);
      if (chosen === undefined) problems.push(`${key} = ${value}: must be one of ${choices.join(', ')}`);
      return chosen ?? fallback;
    },
    list: (key) => (text(key) ?? '').split(/[\s,]+/).filter((item) => item !== ''),
    problem: (message) => problems.push(message),
    unknown: () => [...values.keys()].filter((key) => !asked.has(key)),
    finish: () => {
      if (problems.length > 0) throw new ConfigProblem(problems.join('\n'));
    },
  };
}
