import type { Command, OptionValues, Terminal } from '../../cli/command.ts';
import { describeOwner, isFlocked } from '../../update/host/flock.ts';
import { type Outcome, outcome } from '../../update/workflow/outcome.ts';
import { printElapsed } from '../config/duration.ts';
import type { SyncConfig } from '../config/sync-config.ts';
import { type SyncRunState, syncStateFile } from '../state/sync-state.ts';
import { guardedSync } from './guarded-sync.ts';
import { briefSession, syncPlaces } from './session.ts';
import { CATEGORY_OPTION, SERVICE_OPTIONS, STATE_OPTION } from './sync-options.ts';

export const statusCommand = (): Command => ({
  summary: 'Says of each category where the host stands, and what this machine still owes the service',
  details: ['Exit code 0 when nothing needs an operator, 3 when a category is held or disabled.'],
  options: { ...SERVICE_OPTIONS, ...CATEGORY_OPTION, ...STATE_OPTION },
  run: (options, terminal) => guardedSync(terminal, options['json'] === true, () => status(options, terminal)),
});

type Pair = Readonly<Record<string, unknown>>;

const NEEDS_OPERATOR: readonly unknown[] = ['HELD', 'DISABLED'];

async function status(options: OptionValues, terminal: Terminal): Promise<Outcome> {
  const { config, service } = briefSession(options, terminal);
  const listed = await service.list();
  if (listed.kind === 'refused') return outcome('refused', `the service refuses: ${listed.reason}`);
  if (listed.kind === 'unavailable') return outcome('unavailable', `the service cannot be reached: ${listed.reason}`);
  const pairs = listed.pairs.filter(({ category }) => config.category === undefined || category === config.category);
  const rows = pairs.map((pair) => ({ ...pair, here: hereOf(config, String(pair['category'])) }));
  if (options['json'] === true) terminal.out(`${JSON.stringify({ host: config.host, syncs: rows })}\n`);
  else
    for (const row of rows)
      terminal.out(`${String(row['category' as keyof typeof row])}: ${pairLine(row)}${hereLine(row.here)}\n`);
  const stuck = rows.filter((row) => NEEDS_OPERATOR.includes((row as Pair)['state'])).length;
  if (stuck > 0) return outcome('decision_needed', `${stuck} of ${rows.length} categories need an operator`);
  return outcome('finished', rows.length === 0 ? `${config.host} carries no such category` : '');
}

interface Here {
  /** Who is at work, in words; null: nobody. */
  readonly run: string | null;
  readonly left: SyncRunState | null;
}

function hereOf(config: SyncConfig, category: string): Here {
  const { stateFile, runLockFile } = syncPlaces(config, category);
  return {
    run: isFlocked(runLockFile) ? describeOwner(runLockFile) : null,
    left: syncStateFile(stateFile).read() ?? null,
  };
}

function hereLine({ run, left }: Here): string {
  if (run !== null) return `; here: ${run}, at step ${left?.step ?? 'begin'}`;
  return left === null ? '' : `; a run of ${left.startedAt} was left at step ${left.step}, the next one goes on with it`;
}

/** One pair in words. */
export function pairLine(pair: Pair): string {
  const { state, sinceMs, position, syncId, reason, hold } = pair;
  const since = typeof sinceMs === 'number' ? ` for ${printElapsed(Date.now() - sinceMs)}` : '';
  const place = typeof position === 'number' ? `, place ${position}` : '';
  const sync = typeof syncId === 'string' ? ` (${syncId})` : '';
  const held =
    typeof hold === 'object' && hold !== null
      ? `; held by ${String((hold as Pair)['by'])}: ${String((hold as Pair)['reason'])}`
      : '';
  return `${String(state)}${since}${place}${sync}${typeof reason === 'string' ? `: ${reason}` : ''}${held}`;
}
