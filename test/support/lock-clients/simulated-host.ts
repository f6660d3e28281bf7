import { setTimeout as pause } from 'node:timers/promises';

/** Who updates right now. Every entry that finds somebody else inside is kept. */
export interface CriticalSection {
  enter(host: string): void;
  leave(host: string): void;
  /** `b.example entered while a.example was inside` */
  readonly violations: string[];
  /** In the order in which they entered. */
  readonly entered: string[];
  readonly left: string[];
}

export const criticalSection = (slots = 1): CriticalSection => {
  const inside = new Set<string>();
  const violations: string[] = [];
  const entered: string[] = [];
  const left: string[] = [];
  return {
    violations,
    entered,
    left,
    enter: (host) => {
      if (inside.has(host)) return;
      inside.add(host);
      entered.push(host);
      if (inside.size > slots) violations.push(`${host} entered while ${[...inside].join(', ')} were inside`);
    },
    leave: (host) => {
      if (inside.delete(host)) left.push(host);
    },
  };
};

export interface HostSetup {
  /** What the client calls itself. */
  readonly name: string;
  readonly address: string;
  /** Base URL of the lock service, without a slash at its end. */
  readonly server: string;
  readonly lock: string;
  readonly section: CriticalSection;
  /** Real milliseconds for one second of the client's time. */
  readonly secondMs: number;
  /** How long the update itself takes, in the client's seconds. */
  readonly updateSeconds: number;
  /** 0 to 1; drawn by the host. */
  readonly random: () => number;
}

/** `sys.exit(code)` of a client, and its uncaught exceptions (code 1, with what they were). */
export class ClientExit extends Error {
  readonly code: number;
  constructor(code: number, why: string, cause?: unknown) {
    super(why, { cause });
    this.code = code;
  }
}

export const sleepSeconds = async (setup: HostSetup, seconds: number): Promise<void> => {
  await pause(Math.max(1, seconds * setup.secondMs));
};

/** The wording of the client: what is not JSON kills the run. */
export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ClientExit(1, `the answer is no JSON: ${text.slice(0, 100)}`, cause);
  }
};

/** What a host's state file says; the file is not there before and after an update. */
export interface StateFile {
  task: string | undefined;
}

export interface HostRecord {
  readonly name: string;
  /** Exit code of each run. */
  readonly exits: number[];
  readonly reasons: string[];
}

/** A reboot takes this long. */
const REBOOT_SECONDS = 3;

/** The host's timer, and its start: runs the client until a run ends an update. `run` throws ClientExit. */
export const runUntilUpdated = async (
  setup: HostSetup,
  run: () => Promise<never>,
  isUpdated: () => boolean,
  cronSeconds: number,
): Promise<HostRecord> => {
  const record: HostRecord = { name: setup.name, exits: [], reasons: [] };
  const MOST_RUNS = 500;
  while (record.exits.length < MOST_RUNS) {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof ClientExit)) throw error;
      record.exits.push(error.code);
      record.reasons.push(error.message);
    }
    if (isUpdated()) return record;
    const rebooted = record.exits.at(-1) === 0;
    await sleepSeconds(setup, rebooted ? REBOOT_SECONDS : cronSeconds * (0.5 + setup.random()));
  }
  throw new Error(`${setup.name} did not end its update in ${MOST_RUNS} runs: ${record.reasons.slice(-3).join('; ')}`);
};
