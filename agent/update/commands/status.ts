import type { Command, OptionValues, Terminal } from '../../cli/command.ts';
import { runLog } from '../../log/run-log.ts';
import { type InspectOutcome, lockService } from '../../service/lock-service.ts';
import type { UpdateConfig } from '../config/update-config.ts';
import { describeOwner, isFlocked } from '../host/flock.ts';
import { stateFile } from '../state/state-file.ts';
import type { UpdateState } from '../state/update-state.ts';
import { type Outcome, outcome } from '../workflow/outcome.ts';
import { CONFIG_OPTIONS } from './common-options.ts';
import { guarded, problemOutcome } from './guarded.ts';
import { configOf } from './session.ts';

export const statusCommand = (): Command => ({
  summary: 'Says where the update stands, which lock is held, for how long, and what the service knows',
  details: ['Exit code 0 when nothing needs an operator, 3 when something does.'],
  options: { ...CONFIG_OPTIONS, offline: { type: 'boolean', help: 'do not ask the service' } },
  run: (options, terminal) => guarded(terminal, options['json'] === true, () => status(options, terminal)),
});

/** One attempt only: whoever asks for the status looks on. */
const ASK_ONCE = { attempts: 1, connectMs: 5_000, totalMs: 10_000 };
const MINUTE_MS = 60_000;
const HOUR_MINUTES = 60;
const DAY_HOURS = 24;

async function status(options: OptionValues, terminal: Terminal): Promise<Outcome> {
  const config = configOf(options, terminal);
  const state = stateOrProblem(config);
  const agent = isFlocked(config.agentLockFile) ? describeOwner(config.agentLockFile) : undefined;
  const service = options['offline'] === true ? undefined : await inspect(config);
  const nowMs = Date.now();
  if (options['json'] === true) terminal.out(`${JSON.stringify({ agent: agent ?? null, state, service: service ?? null })}\n`);
  else terminal.out(statusLines(config, state, agent, service, nowMs).join('\n').concat('\n'));
  if (state !== undefined && 'kind' in state) return state;
  if (state?.failure !== undefined)
    return outcome('decision_needed', `the update failed at ${state.task}: ${state.failure.reason}`);
  return outcome('finished', state === undefined ? 'no update is under way' : `an update is under way at ${state.task}`);
}

function stateOrProblem(config: UpdateConfig): UpdateState | Outcome | undefined {
  try {
    return stateFile(config.stateFile).read();
  } catch (error) {
    return problemOutcome(error, config.stateFile);
  }
}

function inspect(config: UpdateConfig): Promise<InspectOutcome> {
  const silent = runLog({
    file: undefined,
    fileLevel: 'error',
    terminal: () => {},
    terminalLevel: 'error',
    json: false,
    nowMs: () => Date.now(),
  });
  const tools = { log: silent, sleep: () => Promise.resolve(), random: () => 0, stop: new AbortController().signal };
  return lockService({ ...config.service, ...ASK_ONCE }, tools).inspect();
}

function statusLines(
  config: UpdateConfig,
  state: UpdateState | Outcome | undefined,
  agent: string | undefined,
  service: InspectOutcome | undefined,
  nowMs: number,
): readonly string[] {
  const lines = [`agent    ${agent === undefined ? 'not running' : `running: ${agent}`}`];
  if (state !== undefined && !('kind' in state)) lines.push(...stateLines(state, nowMs));
  if (service !== undefined) lines.push(`service  ${config.service.baseUrl}: ${serviceLine(service)}`);
  return lines;
}

function stateLines(state: UpdateState, nowMs: number): readonly string[] {
  const scripts = (state.scripts ?? []).map((script) => `${script.name}: ${script.status}`).join(', ');
  const lines = [
    `update   began ${state.startedAt} (${age(state.startedAt, nowMs)} ago), run ${state.runId}`,
    `step     ${state.task} for ${age(state.taskSince, nowMs)}${scripts === '' ? '' : ` (${scripts})`}`,
  ];
  if (state.heldSince !== undefined)
    lines.push(`lock     ${state.lock} held for ${age(state.heldSince, nowMs)}, fence ${state.fence}`);
  else lines.push(`lock     ${state.lock} not held yet`);
  if (state.failure !== undefined)
    lines.push(
      `failure  ${state.failure.at} ${state.failure.script ?? ''} ${state.failure.reason}${state.failure.reported ? '' : ' (service not told yet)'}`,
    );
  return lines;
}

function serviceLine(service: InspectOutcome): string {
  return service.kind === 'lock' ? JSON.stringify(service.lock) : `${service.kind}: ${service.reason}`;
}

export function age(since: string, nowMs: number): string {
  const minutes = Math.max(0, Math.floor((nowMs - Date.parse(since)) / MINUTE_MS));
  const hours = Math.floor(minutes / HOUR_MINUTES);
  if (hours < 1) return `${minutes} min`;
  if (hours < DAY_HOURS) return `${hours} h ${minutes % HOUR_MINUTES} min`;
  return `${Math.floor(hours / DAY_HOURS)} d ${hours % DAY_HOURS} h`;
}
