import { type Terminal, UsageProblem } from '../../cli/command.ts';
import { ConfigProblem } from '../config/config-problem.ts';
import { StateProblem } from '../state/parse-state.ts';
import { EXIT_CODES, type Outcome, outcome } from '../workflow/outcome.ts';

/** What an exception means to the operator. Everything that is not a known kind is the host's trouble: a full disk, a lost mount. */
export function problemOutcome(error: unknown, stateFile?: string): Outcome {
  if (error instanceof ConfigProblem) return outcome('configuration', error.message);
  if (error instanceof StateProblem)
    return outcome(
      'decision_needed',
      `the state file ${stateFile ?? ''} cannot be used: ${error.message}. This host may hold the lock and be half updated: ` +
        'look at it and at the log, then mirrortide update abort --discard-state',
    );
  const text =
    error instanceof Error ? `${error.message}${error.cause instanceof Error ? ` (${error.cause.message})` : ''}` : String(error);
  return outcome('host_problem', text);
}

/** Runs a command and turns what it throws into a message and an exit code. */
export async function guarded(terminal: Terminal, json: boolean, act: () => Promise<Outcome>): Promise<number> {
  let result: Outcome;
  try {
    result = await act();
  } catch (error) {
    if (error instanceof UsageProblem) throw error;
    result = problemOutcome(error);
  }
  const exitCode = EXIT_CODES[result.kind];
  if (json) terminal.out(`${JSON.stringify({ outcome: result.kind, message: result.message, exitCode })}\n`);
  else if (exitCode === 0) terminal.out(`${result.message}\n`);
  else terminal.err(`mirrortide: ${result.message}\n`);
  return exitCode;
}
