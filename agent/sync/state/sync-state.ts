import { SYNC_MODES, SYNC_OUTCOMES, type SyncMode, type SyncOutcome } from '#domain/drain/drain-state.ts';
import { type DurableFile, durableFile, type StateCalls } from '../../files/durable-file.ts';
import { StateProblem } from '../../update/state/parse-state.ts';

/**
 * What a run owes the service, as it is on disk. `begin`: a key was made, and perhaps used. `wait`: the service knows it. `run`: the
 * command was started, its end unknown. `end`: the command has ended, the service was perhaps not told.
 */
export const SYNC_STEPS = ['begin', 'wait', 'run', 'end'] as const;
export type SyncStep = (typeof SYNC_STEPS)[number];

/** The commands of an additive synchronisation: the second may remove files. */
export const PASSES = ['first', 'second'] as const;
export type Pass = (typeof PASSES)[number];

/** A newer agent writes another number; one that does not know it stops. */
export const SYNC_SCHEMA = 1;

export interface SyncRunState {
  readonly schema: typeof SYNC_SCHEMA;
  /** The idempotency key. */
  readonly key: string;
  readonly baseUrl: string;
  readonly host: string;
  readonly category: string;
  readonly mode: SyncMode;
  readonly startedAt: string;
  readonly step: SyncStep;
  readonly pass: Pass;
  /** How often the command of this pass was started. */
  readonly starts: number;
  readonly syncId?: string;
  readonly fence?: number;
  /** Of the command, once it has ended. */
  readonly outcome?: SyncOutcome;
}

export interface SyncStateFile {
  readonly path: string;
  /** undefined: nothing is owed. Throws StateProblem for a file that is none of ours. */
  readonly read: () => SyncRunState | undefined;
  readonly write: (state: SyncRunState) => void;
  readonly remove: () => void;
}

const MAX_CHARACTERS = 65_536;

export function syncStateFile(path: string, calls?: StateCalls): SyncStateFile {
  const file: DurableFile = durableFile(path, calls);
  return {
    path,
    read: () => {
      const text = file.read();
      return text === undefined ? undefined : parseSyncState(text);
    },
    write: (state) => file.write(`${JSON.stringify(state, null, 2)}\n`),
    remove: file.remove,
  };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** Reads what was written. Throws StateProblem and nothing else. */
export function parseSyncState(text: string): SyncRunState {
  const fields = fieldsOf(text);
  if (fields['schema'] !== SYNC_SCHEMA)
    throw new StateProblem(`it has schema ${JSON.stringify(fields['schema'])}, and this program knows ${SYNC_SCHEMA}`);
  const required = <Value>(key: string, fits: (value: unknown) => value is Value): Value => {
    const value = fields[key];
    if (!fits(value)) throw new StateProblem(`"${key}" is missing or no such thing`);
    return value;
  };
  const oneOf = <Choice extends string>(choices: readonly Choice[]) => {
    return (value: unknown): value is Choice => choices.some((choice) => choice === value);
  };
  const state: SyncRunState = {
    schema: SYNC_SCHEMA,
    key: required('key', isText),
    baseUrl: required('baseUrl', isText),
    host: required('host', isText),
    category: required('category', isText),
    mode: required('mode', oneOf(SYNC_MODES)),
    startedAt: required('startedAt', isText),
    step: required('step', oneOf(SYNC_STEPS)),
    pass: required('pass', oneOf(PASSES)),
    starts: required('starts', isWhole),
    ...(fields['syncId'] === undefined ? {} : { syncId: required('syncId', isText) }),
    ...(fields['fence'] === undefined ? {} : { fence: required('fence', isWhole) }),
    ...(fields['outcome'] === undefined ? {} : { outcome: required('outcome', oneOf(SYNC_OUTCOMES)) }),
  };
  if (state.step === 'end' && state.outcome === undefined) throw new StateProblem('step end without an outcome');
  return state;
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  if (text.length > MAX_CHARACTERS) throw new StateProblem('it is far too large');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new StateProblem(text.trim() === '' ? 'it is empty' : 'it is not JSON, or not all of it', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new StateProblem('it is not a JSON object');
  return value as Readonly<Record<string, unknown>>;
}
