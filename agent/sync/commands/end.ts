import { SYNC_OUTCOMES } from '#domain/drain/drain-state.ts';
import { type Command, choiceOption, type OptionValues, type Terminal } from '../../cli/command.ts';
import { describeOwner, tryFlock } from '../../update/host/flock.ts';
import { StateProblem } from '../../update/state/parse-state.ts';
import { type Outcome, outcome } from '../../update/workflow/outcome.ts';
import { categoryOf } from '../config/sync-config.ts';
import type { SyncHandle, SyncReply } from '../service/sync-service.ts';
import { type SyncRunState, type SyncStateFile, syncStateFile } from '../state/sync-state.ts';
import { handleOf } from '../workflow/sync-context.ts';
import { guardedSync } from './guarded-sync.ts';
import { type BriefSession, briefSession, syncPlaces } from './session.ts';
import { CATEGORY_OPTION, SERVICE_OPTIONS, STATE_OPTION } from './sync-options.ts';

export const endCommand = (): Command => ({
  summary: 'Ends a synchronisation that nobody is at work on any more; the host returns once it is verified',
  details: ['Exit codes as those of run: 75 while a run is at work, 69 when the service cannot be told.'],
  options: {
    ...SERVICE_OPTIONS,
    ...CATEGORY_OPTION,
    ...STATE_OPTION,
    outcome: { type: 'string', help: 'OUTCOME  aborted, failed or success; it is for people, a check decides; aborted' },
  },
  run: (options, terminal) => guardedSync(terminal, options['json'] === true, () => end(options, terminal)),
});

async function end(options: OptionValues, terminal: Terminal): Promise<Outcome> {
  const chosen = choiceOption(options, 'outcome', SYNC_OUTCOMES) ?? 'aborted';
  const session = briefSession(options, terminal);
  const category = categoryOf(session.config);
  const { stateFile, runLockFile } = syncPlaces(session.config, category);
  const lock = tryFlock(runLockFile);
  if (lock === undefined) return outcome('busy', `a run is at work: ${describeOwner(runLockFile)}; send it SIGTERM instead`);
  try {
    const states = syncStateFile(stateFile);
    const left = leftBehind(states);
    const known = left === 'unreadable' || left === undefined ? undefined : handleOf(left);
    const sync = known ?? (await active(session, category));
    if ('kind' in sync) return sync;
    const reply = await session.service.end(sync, chosen);
    if (left !== undefined && (reply.kind === 'sync' || reply.kind === 'lost')) states.remove();
    return endOutcome(reply, sync.syncId);
  } finally {
    lock.release();
  }
}

function leftBehind(states: SyncStateFile): SyncRunState | 'unreadable' | undefined {
  try {
    return states.read();
  } catch (error) {
    if (error instanceof StateProblem) return 'unreadable';
    throw error;
  }
}

/** What the service knows, where this machine knows nothing. */
async function active({ service, config }: BriefSession, category: string): Promise<SyncHandle | Outcome> {
  const listed = await service.list();
  if (listed.kind === 'refused') return outcome('refused', `the service refuses: ${listed.reason}`);
  if (listed.kind === 'unavailable') return outcome('unavailable', `the service cannot be reached: ${listed.reason}`);
  const { syncId, fence } = listed.pairs.find((pair) => pair['category'] === category) ?? {};
  if (typeof syncId === 'string' && typeof fence === 'number') return { syncId, fence };
  return outcome('nothing_to_do', `the service knows of no synchronisation of ${config.host}/${category}`);
}

function endOutcome(reply: SyncReply, syncId: string): Outcome {
  switch (reply.kind) {
    case 'sync':
      return outcome('finished', `${syncId} is ended: ${reply.sync.state}`);
    case 'lost':
      return outcome('finished', `${syncId} was over already: ${reply.reason}`);
    case 'refused':
      return outcome('refused', `the service refuses: ${reply.reason}`);
    case 'unavailable':
      return outcome('unavailable', `the service cannot be reached: ${reply.reason}`);
  }
}
