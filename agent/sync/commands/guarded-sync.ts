import { type Terminal, UsageProblem } from '../../cli/command.ts';
import { ConfigProblem } from '../../update/config/config-problem.ts';
import { StateProblem } from '../../update/state/parse-state.ts';
import { EXIT_CODES, type Outcome, outcome } from '../../update/workflow/outcome.ts';

export function problemOutcome(error: unknown): Outcome {
  if (error instanceof ConfigProblem) return outcome('configuration', error.message);
  if (error instanceof StateProblem)
    return outcome('decision_needed', `the state file cannot be used: ${error.message}; mirrortide sync end removes it`);
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return outcome('host_problem', `${error instanceof Error ? error.message : String(error)}${cause}`);
}

/** How a command ended: JSON on `write`, text of what went wrong on stderr. */
export function reportOutcome(terminal: Terminal, json: boolean, { kind, message }: Outcome, write = terminal.out): number {
  const exitCode = EXIT_CODES[kind];
  if (json) write(`${JSON.stringify({ event: 'result', outcome: kind, message, exitCode })}\n`);
  else if (exitCode === 0) write(message === '' ? '' : `${message}\n`);
  else terminal.err(`mirrortide: ${message}\n`);
  return exitCode;
}

/** Runs a command and turns what it throws into a message and an exit code. */
export async function guardedSync(terminal: Terminal, json: boolean, act: () => Promise<Outcome>): Promise<number> {
  let result: Outcome;
  try {
    result = await act();
  } catch (error) {
    if (error instanceof UsageProblem) throw error;
    result = problemOutcome(error);
  }
  return reportOutcome(terminal, json, result);
}
