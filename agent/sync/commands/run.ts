import { type Command, type OptionValues, type Terminal, UsageProblem } from '../../cli/command.ts';
import type { StateCalls } from '../../files/durable-file.ts';
import { describeOwner, tryFlock, writeOwner } from '../../update/host/flock.ts';
import { outcome } from '../../update/workflow/outcome.ts';
import { runSync, type SyncEnd } from '../workflow/run-sync.ts';
import { guardedSync, problemOutcome, reportOutcome } from './guarded-sync.ts';
import { planSync } from './plan.ts';
import { openSession } from './session.ts';
import { CATEGORY_OPTION, SERVICE_OPTIONS, STATE_OPTION } from './sync-options.ts';

const THEN = '--then';

export const runCommand = (stateCalls?: StateCalls): Command => ({
  summary: 'Takes this host out of service, runs a command that synchronises it, and puts it back once it is verified',
  operands: '-- COMMAND ... [--then COMMAND ...]',
  details: [
    'With --mode additive the first command must only add files, and runs while clients are served; the one after --then may',
    'remove and replace files, and runs once the host is out of service.',
    '',
    'Output, errors and exit code are those of the command; everything that this program says is on stderr. When the command',
    'did not run: 2 wrong usage; 3 an operator keeps the host out; 69 no service; 74 trouble on this host; 75 not its turn in',
    'time, or another run is at work; 77 refused by the service; 78 wrong configuration; 143 stopped by a signal.',
    '126 and 127: the command could not be started.',
  ],
  options: {
    ...SERVICE_OPTIONS,
    ...CATEGORY_OPTION,
    ...STATE_OPTION,
    mode: { type: 'string', help: 'MODE  full (files may vanish from the beginning) or additive' },
    expected: { type: 'string', help: 'DURATION  how long it will take, for those who look on' },
    'wait-timeout': { type: 'string', help: 'DURATION  how long to wait for the turn; 2h' },
    'wait-verified': { type: 'boolean', help: 'wait until the host is back in service or held; so by default' },
    'no-wait-verified': { type: 'boolean', help: 'do not' },
    'verify-timeout': { type: 'string', help: 'DURATION  how long to wait for that; 30m' },
    'if-unavailable': { type: 'string', help: 'POLICY  without the service: fail (do not run the command) or run' },
    'kill-when-lost': { type: 'boolean', help: 'end the command when the synchronisation is lost or cancelled' },
    quiet: { type: 'boolean', help: 'say only what went wrong; the log file has all' },
    'dry-run': { type: 'boolean', help: 'show what would be done; changes nothing' },
  },
  run: (options, terminal, operands) => {
    const commands = commandsOf(operands);
    if (options['dry-run'] === true)
      return guardedSync(terminal, options['json'] === true, () => planSync(options, terminal, commands));
    return run(options, terminal, commands, stateCalls);
  },
});

function commandsOf(operands: readonly string[]): readonly (readonly string[])[] {
  const at = operands.indexOf(THEN);
  const commands = at === -1 ? [operands] : [operands.slice(0, at), operands.slice(at + 1)];
  if (commands.some((command) => command.length === 0)) throw new UsageProblem('a command is missing: -- COMMAND ...');
  return commands;
}

async function run(
  options: OptionValues,
  terminal: Terminal,
  commands: readonly (readonly string[])[],
  stateCalls: StateCalls | undefined,
): Promise<number> {
  let end: SyncEnd;
  try {
    end = await alone(options, terminal, commands, stateCalls);
  } catch (error) {
    if (error instanceof UsageProblem) throw error;
    end = { kind: 'not_run', outcome: problemOutcome(error) };
  }
  const json = options['json'] === true;
  if (end.kind === 'not_run') return reportOutcome(terminal, json, end.outcome, terminal.err);
  if (json) terminal.err(`${JSON.stringify({ event: 'result', outcome: 'ran', exitCode: end.exitCode })}\n`);
  return end.exitCode;
}

/** As the only run of this host and category on this machine. */
async function alone(
  options: OptionValues,
  terminal: Terminal,
  commands: readonly (readonly string[])[],
  stateCalls: StateCalls | undefined,
): Promise<SyncEnd> {
  const { context, places, close } = openSession(options, terminal, commands, stateCalls);
  try {
    if (commands.length > 1 && context.config.mode !== 'additive') throw new UsageProblem(`${THEN} needs --mode additive`);
    const lock = tryFlock(places.runLockFile);
    if (lock === undefined)
      return { kind: 'not_run', outcome: outcome('busy', `another run is at work: ${describeOwner(places.runLockFile)}`) };
    try {
      writeOwner(lock, { pid: process.pid, bootId: '', since: new Date().toISOString() });
      return await runSync(context);
    } finally {
      lock.release();
    }
  } finally {
    close();
  }
}
