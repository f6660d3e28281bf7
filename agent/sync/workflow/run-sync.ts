import { type Outcome, outcome } from '../../update/workflow/outcome.ts';
import type { SyncRunState } from '../state/sync-state.ts';
import { awaitVerdict } from './await-verdict.ts';
import { deliverEnd } from './deliver-end.ts';
import { runPass } from './run-pass.ts';
import { settleLeftover } from './settle-leftover.ts';
import { handleOf, type SyncContext, save, type Turn } from './sync-context.ts';
import { begin, waitForTurn } from './take-turn.ts';

/** How it ended: the command ran and its exit code is ours, or it did not and `outcome` says why. */
export type SyncEnd =
  | { readonly kind: 'ran'; readonly exitCode: number }
  | { readonly kind: 'not_run'; readonly outcome: Outcome };

/** One that was lost while it waited is begun anew this often. */
const MAX_BEGINS = 5;
/** How long the service may be out of reach between two commands, of which the first may have taken hours. */
const BETWEEN_PASSES_MS = 600_000;

/** The whole of `sync run`: what was left, the turn, the command, its end, the verdict. */
export async function runSync(context: SyncContext): Promise<SyncEnd> {
  const leftover = await settleLeftover(context);
  if (leftover.kind === 'end') return { kind: 'not_run', outcome: leftover.outcome };
  let turn: Turn =
    leftover.kind === 'unavailable'
      ? leftover
      : await firstTurn(context, leftover.kind === 'resume' ? leftover.state : undefined);
  for (;;) {
    if (turn.kind === 'end') return { kind: 'not_run', outcome: turn.outcome };
    const refusal = notGoing(context, turn);
    if (refusal !== undefined) return { kind: 'not_run', outcome: refusal };
    const isSecond = turn.state.pass === 'second';
    const { state, end } = await runPass(context, turn.state, context.commands[isSecond ? 1 : 0] ?? []);
    if (isSecond || context.commands.length < 2 || end.exitCode !== 0) {
      await finish(context, save(context, { ...state, step: 'end', outcome: end.outcome }));
      return { kind: 'ran', exitCode: end.exitCode };
    }
    const second = save(context, { ...state, step: 'wait', pass: 'second', starts: 0 });
    turn = await waitForTurn(context, second, undefined, BETWEEN_PASSES_MS);
  }
}

/** Why the command is not run; undefined when it is. */
function notGoing(context: SyncContext, turn: Exclude<Turn, { kind: 'end' }>): Outcome | undefined {
  switch (turn.kind) {
    case 'go':
      return undefined;
    case 'lost':
      context.states.remove();
      return outcome('not_granted', `it was lost before its turn came: ${turn.reason}; the next run begins anew`);
    case 'unavailable':
      if (mayRunUnasked(context, turn.reason)) return undefined;
      return outcome('unavailable', `the service cannot be reached: ${turn.reason}; nothing was started`);
  }
}

async function firstTurn(context: SyncContext, left: SyncRunState | undefined): Promise<Turn> {
  let turn = left === undefined ? await begin(context, undefined) : await waitForTurn(context, left, undefined);
  for (let begins = 1; turn.kind === 'lost' && begins < MAX_BEGINS; begins += 1) {
    context.report.say('begin-anew', `begins anew: ${turn.reason}`);
    context.states.remove();
    turn = await begin(context, undefined);
  }
  return turn;
}

async function finish(context: SyncContext, state: SyncRunState): Promise<void> {
  const delivery = await deliverEnd(context, state);
  const sync = handleOf(state);
  if (delivery.kind === 'told' && sync !== undefined && context.config.waitVerified)
    await awaitVerdict(context, sync, delivery.sync);
}

/** The policy decides: a mirror that is not synchronised grows stale, one that is synchronised unasked breaks downloads. */
function mayRunUnasked(context: SyncContext, reason: string): boolean {
  if (context.config.ifUnavailable === 'fail') return false;
  context.report.warn(
    'unasked',
    `the service cannot be reached: ${reason}; the command runs all the same, with clients on this host`,
  );
  return true;
}
