import {
  type Failure,
  type FinishedScript,
  type RebootAttempt,
  type ScriptRecord,
  STATE_SCHEMA,
  TASKS,
  type UpdateState,
} from './update-state.ts';

/** The state file is not one that this program can go on from; it never starts anew by itself, because a lock may be held. */
export class StateProblem extends Error {
  override readonly name = 'StateProblem';
}

const MAX_CHARACTERS = 4 << 20;
const MAX_LIST = 10_000;
const SCRIPT_STATUS = ['waiting', 'running', 'done', 'failed', 'skipped'] as const;

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isTime = (value: unknown): value is string => isText(value) && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value);
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
const isTicket = (value: unknown): value is string | number => isText(value) || isWhole(value);
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';

/** Reads what printState wrote. Throws StateProblem and nothing else. */
export function parseState(text: string): UpdateState {
  if (text.length > MAX_CHARACTERS) throw new StateProblem('it is far too large');
  const fields = parsedFields(text);
  if (fields['schema'] !== STATE_SCHEMA)
    throw new StateProblem(
      `it has schema ${JSON.stringify(fields['schema'])}, and this program knows ${STATE_SCHEMA}: another version wrote it`,
    );
  const state: UpdateState = {
    schema: STATE_SCHEMA,
    runId: required(fields, 'runId', isText),
    startedAt: required(fields, 'startedAt', isTime),
    task: oneOf(fields, 'task', TASKS),
    taskSince: required(fields, 'taskSince', isTime),
    lock: required(fields, 'lock', isText),
    baseUrl: required(fields, 'baseUrl', isText),
    bootId: required(fields, 'bootId', isText),
    finished: list(fields, 'finished', finishedScript) ?? [],
    ...optional(fields, 'requestId', isText),
    ...optional(fields, 'ticket', isTicket),
    ...optional(fields, 'fence', isWhole),
    ...optional(fields, 'heldSince', isTime),
    ...optional(fields, 'rebootFromBootId', isText),
    ...present('scripts', list(fields, 'scripts', scriptRecord)),
    ...present('rebootAttempt', nested(fields, 'rebootAttempt', rebootAttempt)),
    ...present('failure', nested(fields, 'failure', failure)),
  };
  const problem = inconsistency(state);
  if (problem !== undefined) throw new StateProblem(problem);
  return state;
}

export const printState = (state: UpdateState): string => `${JSON.stringify(state, null, 2)}\n`;

/** Tasks past the grant need its fence, and a reboot the boot that it must end. */
function inconsistency(state: UpdateState): string | undefined {
  const rank = TASKS.indexOf(state.task);
  if (rank >= TASKS.indexOf('confirm') && state.fence === undefined) return `task ${state.task} without a fence`;
  if (state.task === 'reboot' && state.rebootFromBootId === undefined) return 'task reboot without rebootFromBootId';
  return undefined;
}

function parsedFields(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new StateProblem(text.trim() === '' ? 'it is empty' : 'it is not JSON, or not all of it', { cause });
  }
  if (!isFields(value)) throw new StateProblem('it is not a JSON object');
  return value;
}

function required<Value>(fields: Fields, key: string, fits: (value: unknown) => value is Value): Value {
  const value = fields[key];
  if (!fits(value)) throw new StateProblem(`"${key}" is missing or no such thing`);
  return value;
}

function optional<Key extends string, Value>(
  fields: Fields,
  key: Key,
  fits: (value: unknown) => value is Value,
): { readonly [Name in Key]?: Value } {
  if (!Object.hasOwn(fields, key)) return {};
  return { [key]: required(fields, key, fits) } as { readonly [Name in Key]?: Value };
}

function present<Key extends string, Value>(key: Key, value: Value | undefined): { readonly [Name in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [Name in Key]?: Value });
}

function oneOf<Choice extends string>(fields: Fields, key: string, choices: readonly Choice[]): Choice {
  const chosen = choices.find((choice) => choice === fields[key]);
  if (chosen === undefined) throw new StateProblem(`"${key}" is none of ${choices.join(', ')}`);
  return chosen;
}

function nested<Value>(fields: Fields, key: string, parse: (inner: Fields) => Value): Value | undefined {
  const value = fields[key];
  if (value === undefined) return undefined;
  if (!isFields(value)) throw new StateProblem(`"${key}" is not an object`);
  return parse(value);
}

function list<Value>(fields: Fields, key: string, parse: (item: Fields) => Value): readonly Value[] | undefined {
  const value = fields[key];
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length > MAX_LIST || !value.every(isFields))
    throw new StateProblem(`"${key}" is not a list of objects`);
  return value.map(parse);
}

const scriptRecord = (item: Fields): ScriptRecord => ({
  name: required(item, 'name', isText),
  status: oneOf(item, 'status', SCRIPT_STATUS),
  starts: required(item, 'starts', isWhole),
  ...optional(item, 'startedAt', isTime),
  ...optional(item, 'endedAt', isTime),
  ...optional(item, 'exitCode', isWhole),
});

const finishedScript = (item: Fields): FinishedScript => ({
  task: oneOf(item, 'task', TASKS),
  name: required(item, 'name', isText),
  ...optional(item, 'exitCode', isWhole),
  ...optional(item, 'startedAt', isTime),
  ...optional(item, 'endedAt', isTime),
});

const rebootAttempt = (item: Fields): RebootAttempt => ({
  startedAt: required(item, 'startedAt', isTime),
  ...optional(item, 'exitCode', isWhole),
});

const failure = (item: Fields): Failure => ({
  at: required(item, 'at', isTime),
  reason: required(item, 'reason', isText),
  reported: required(item, 'reported', isBoolean),
  ...optional(item, 'script', isText),
});
