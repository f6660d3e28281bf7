import { digestName } from '#domain/artefact/digest.ts';
import { type InstalledState, type Release, switchedTo, takenBack } from '#domain/artefact/installed.ts';
import type { Report } from '../../report/report.ts';
import { type FetchOutcome, fetchOutcome } from '../fetch-outcome.ts';
import type { HookSettings } from '../fetch-settings.ts';
import type { FetchWorld } from '../fetch-world.ts';
import type { Layout } from './layout.ts';
import { removeLink, switchLink } from './switch-link.ts';
import { prune, writeState } from './trees.ts';

/** What switching a destination needs; the functions below share it. */
export interface Switching {
  readonly world: FetchWorld;
  readonly layout: Layout;
  readonly report: Report;
  readonly hooks: HookSettings;
  readonly keep: number;
}

const hasHooks = (hooks: HookSettings): boolean => hooks.hook !== undefined || hooks.health !== undefined;
const nameOf = (release: Release | undefined): string =>
  release === undefined ? 'nothing' : release.digest === undefined ? release.target : digestName(release.digest);

/**
 * Switches the destination to a whole tree, then writes the state, then runs the hooks; in that order, so that a kill at any
 * moment leaves a state that the next run goes on from. Hooks may run a second time after a kill, never not at all.
 */
export async function activate(on: Switching, state: InstalledState, release: Release): Promise<FetchOutcome> {
  const adopted = switchLink(on.world, on.layout, release.target);
  const before = adopted === undefined ? state : { ...state, previous: [adopted, ...state.previous] };
  const next = switchedTo(before, release, hasHooks(on.hooks));
  writeState(on.world, on.layout, next);
  on.report.note('switched', `${on.layout.destination} leads to ${nameOf(release)}`, { target: release.target });
  return finishInstall(on, next);
}

/** From the state after the switch on: the hooks, and back when one of them fails. */
export async function finishInstall(on: Switching, state: InstalledState): Promise<FetchOutcome> {
  const problem = (await runOne(on, state, 'hook', 'installed')) ?? (await runOne(on, state, 'health', 'installed'));
  if (problem !== undefined) {
    on.report.note('unhealthy', problem, {});
    const failed = await takeBack(on, state);
    return fetchOutcome(
      'rolled_back',
      `${problem}; ${nameOf(state.current)} was taken back${failed === undefined ? '' : `; ${failed}`}`,
    );
  }
  settle(on, state);
  return fetchOutcome('changed', `${on.layout.destination} has ${nameOf(state.current)}`);
}

/** Back to the release before. Resolves to what went wrong with the hook afterwards, which changes nothing any more. */
export async function takeBack(on: Switching, state: InstalledState): Promise<string | undefined> {
  const next = takenBack(state, on.hooks.hook !== undefined);
  if (next.current === undefined) removeLink(on.world, on.layout);
  else switchLink(on.world, on.layout, next.current.target);
  writeState(on.world, on.layout, next);
  on.report.note('taken_back', `${on.layout.destination} leads to ${nameOf(next.current)} again`, {
    target: next.current?.target,
  });
  return finishTakeBack(on, next);
}

/** The hook after a tree was taken back: a service that was started from it must be started again. */
export async function finishTakeBack(on: Switching, state: InstalledState): Promise<string | undefined> {
  const problem = await runOne(on, state, 'hook', 'taken_back');
  settle(on, state);
  return problem;
}

function settle(on: Switching, state: InstalledState): void {
  if (state.hooksDue !== undefined) writeState(on.world, on.layout, { ...state, hooksDue: undefined });
  prune(on.world, on.layout, state, on.keep);
}

async function runOne(
  on: Switching,
  state: InstalledState,
  which: 'hook' | 'health',
  event: 'installed' | 'taken_back',
): Promise<string | undefined> {
  const command = on.hooks[which];
  if (command === undefined) return undefined;
  on.report.note(which, `${which}: ${command}`, { command });
  const environment = {
    MIRRORTIDE_EVENT: event,
    MIRRORTIDE_DEST: on.layout.destination,
    MIRRORTIDE_DIGEST: state.current?.digest === undefined ? '' : digestName(state.current.digest),
    MIRRORTIDE_ARTEFACT: state.current?.artefact ?? '',
  };
  const problem = await on.world.run({
    command,
    folder: on.layout.parent,
    environment,
    limitMs: on.hooks.limitMs,
    output: on.report.hookOutput,
  });
  return problem === undefined ? undefined : `the ${which} failed: ${problem}`;
}
