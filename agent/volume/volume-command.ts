import { setTimeout as delay } from 'node:timers/promises';
import { type Command, type OptionSpec, type OptionValues, type Terminal, UsageProblem } from '../cli/command.ts';
import type { Waiting } from '../network/ask-service.ts';
import { SERVICE_OPTIONS, serviceConfig } from '../network/network-options.ts';
import { printable, type Report, terminalReport } from '../report/report.ts';
import { type VolumeService, volumeService } from './service/volume-service.ts';
import { requestSender, type SendRequest } from './transfer/http-request.ts';
import {
  type ProblemFields,
  VOLUME_EXIT_CODES,
  VOLUME_EXIT_LINES,
  type VolumeOutcomeKind,
  VolumeProblem,
  volumeProblemOf,
} from './volume-exit.ts';

/** What commands about volumes are given of the world; tests give them another one. */
export interface VolumeWorld {
  readonly waiting: Waiting;
  readonly nowMs: () => number;
  /** For so many requests at a time. */
  readonly requests: (connections: number) => SendRequest;
  /** Calls back when the user wants to end it; gives what ends that. */
  readonly onInterrupt: (interrupted: () => void) => () => void;
}

export interface VolumeRun {
  readonly service: VolumeService;
  readonly waiting: Waiting;
  readonly nowMs: () => number;
  readonly requests: VolumeWorld['requests'];
  readonly options: OptionValues;
  readonly operands: readonly string[];
  readonly json: boolean;
  /** To the standard output, as it comes; a line of JSON when that was asked for. */
  readonly print: (line: string, data: ProblemFields) => void;
  /** To the error output. */
  readonly report: Report;
  readonly stop: AbortSignal;
}

/** How it ended: lines for people, and the same as data. */
export interface VolumeEnd {
  readonly kind?: VolumeOutcomeKind;
  readonly lines: readonly string[];
  readonly data: ProblemFields;
}

export interface VolumeCommandSpec {
  readonly summary: string;
  readonly details?: readonly string[];
  readonly operands?: string;
  readonly options?: Readonly<Record<string, OptionSpec>>;
  readonly run: (run: VolumeRun) => Promise<VolumeEnd>;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The second signal ends the process as it would have without us. */
const onSignals = (interrupted: () => void): (() => void) => {
  for (const signal of SIGNALS) process.once(signal, interrupted);
  return () => {
    for (const signal of SIGNALS) process.off(signal, interrupted);
  };
};

export const processVolumeWorld: VolumeWorld = {
  waiting: { sleep: (ms, stop) => delay(ms, undefined, { signal: stop }), random: Math.random },
  nowMs: () => Date.now(),
  requests: requestSender,
  onInterrupt: onSignals,
};

const INTERRUPTED = new VolumeProblem('interrupted', 'interrupted; run it again to go on');

/** What a command about volumes shares with the others: the service, how it ends, and how that is told. */
export const volumeCommand = (world: VolumeWorld, spec: VolumeCommandSpec): Command => ({
  summary: spec.summary,
  details: [...(spec.details ?? []), ...VOLUME_EXIT_LINES],
  ...(spec.operands !== undefined && { operands: spec.operands }),
  options: { ...SERVICE_OPTIONS, ...spec.options, json: { type: 'boolean', help: 'JSON instead of lines for people' } },
  run: async (options, terminal, operands) => {
    const stopping = new AbortController();
    const json = options['json'] === true;
    const waiting: Waiting = { ...world.waiting, sleep: (ms) => world.waiting.sleep(ms, stopping.signal) };
    const report = quietReport(terminal, json, world.nowMs);
    const run: VolumeRun = {
      service: volumeService(serviceConfig(options, terminal.environment), waiting),
      waiting,
      nowMs: world.nowMs,
      requests: world.requests,
      options,
      operands,
      json,
      print: (line, data) => terminal.out(`${json ? JSON.stringify(data) : printable(line)}\n`),
      report,
      stop: stopping.signal,
    };
    const forget = world.onInterrupt(() => stopping.abort());
    try {
      return told(await ended(spec, run), terminal, json);
    } finally {
      forget();
      report.end();
    }
  },
});

const ended = async (spec: VolumeCommandSpec, run: VolumeRun): Promise<VolumeEnd | VolumeProblem> => {
  try {
    return await spec.run(run);
  } catch (error) {
    if (error instanceof UsageProblem) throw error;
    return run.stop.aborted ? INTERRUPTED : volumeProblemOf(error);
  } finally {
    run.report.end();
  }
};

const told = (end: VolumeEnd | VolumeProblem, terminal: Terminal, json: boolean): number => {
  const { kind = 'done' } = end;
  const exitCode = VOLUME_EXIT_CODES[kind];
  if (end instanceof VolumeProblem) {
    const { message: reason, fields } = end;
    if (json) terminal.out(`${JSON.stringify({ outcome: kind, exitCode, reason, ...fields })}\n`);
    else terminal.err(`mirrortide: ${reason.split('\n').map(printable).join('\n')}\n`);
  } else if (json) terminal.out(`${JSON.stringify({ outcome: kind, exitCode, ...end.data })}\n`);
  else for (const line of end.lines) terminal.out(`${printable(line)}\n`);
  return exitCode;
};

/** Whoever asked for JSON and looks at no terminal wants nothing else. */
const quietReport = (terminal: Terminal, json: boolean, nowMs: () => number): Report => {
  const columns = terminal.errColumns;
  const err = json && columns === undefined ? () => {} : terminal.err;
  return terminalReport({ out: terminal.out, err, columns, json: false, nowMs });
};
