import { lstatSync } from 'node:fs';
import { digestName, sameDigest } from '#domain/artefact/digest.ts';
import { type InstalledState, nextStep, type Release } from '#domain/artefact/installed.ts';
import { splayMs } from '#domain/artefact/splay.ts';
import type { Report } from '../report/report.ts';
import { DigestMismatch, type FetchOutcome, fetchOutcome, outcomeOfProblem } from './fetch-outcome.ts';
import type { FetchSettings } from './fetch-settings.ts';
import type { FetchWorld } from './fetch-world.ts';
import { activate, finishInstall, finishTakeBack, type Switching, takeBack } from './install/activate.ts';
import { buildTree } from './install/build-tree.ts';
import { quietly } from './install/durable.ts';
import { type Layout, layoutOf } from './install/layout.ts';
import { settledState } from './install/switch-link.ts';
import { prune, readState, removeRemains, seenTrees, writeState } from './install/trees.ts';
import { download } from './network/download.ts';
import { findWanted, type Wanted } from './network/wanted.ts';

/** Downloads again, with the checksum asked for anew, when what came is not what was said: it was published in between. */
const PASSES = 2;

interface Fetch extends Switching {
  readonly settings: FetchSettings;
}

/** Brings the destination to what is published, if that is not what is installed. Every ending is an outcome. */
export async function fetchArtefact(world: FetchWorld, settings: FetchSettings, report: Report): Promise<FetchOutcome> {
  const layout = layoutOf(settings.destination);
  const fetch: Fetch = { world, settings, layout, report, hooks: settings.hooks, keep: settings.keep };
  const stopped = await splay(fetch);
  return stopped ?? exclusively(world, layout, () => underLock(fetch));
}

/**
 * Waits for this host's moment, without the lock: an operator who rolls back must not have to wait too. What a killed run has left
 * is put in order before. Resolves to an outcome when that cannot be done.
 */
async function splay(fetch: Fetch): Promise<FetchOutcome | undefined> {
  const { world, settings, report } = fetch;
  const waitMs = splayMs(world.hostName, settings.splayMs);
  if (waitMs === 0) return undefined;
  const inOrder = fetchOutcome('unchanged', 'in order');
  const repaired = await exclusively(world, fetch.layout, async () => {
    settledNow(fetch);
    return inOrder;
  });
  if (repaired !== inOrder) return repaired;
  report.note('splay', `waiting ${Math.round(waitMs / 1_000)} s, this host's share of the splay`, { waitMs });
  await world.sleep(waitMs);
  return undefined;
}

/** Back to the release before the current one, which is not installed again until it is asked for by name. */
export function rollBack(on: Switching): Promise<FetchOutcome> {
  return exclusively(on.world, on.layout, async () => {
    const state = settledNow(on);
    if (state.hooksDue === 'taken_back') return rolledBack(on, await finishTakeBack(on, state));
    if (state.previous.length === 0)
      return fetchOutcome('fault', `${on.layout.destination} has no release before the current one`);
    return rolledBack(on, await takeBack(on, state));
  });
}

function rolledBack(on: Switching, problem: string | undefined): FetchOutcome {
  if (problem !== undefined) return fetchOutcome('fault', `${on.layout.destination} was taken back, and then ${problem}`);
  return fetchOutcome('changed', `${on.layout.destination} has the release before again`);
}

async function exclusively(world: FetchWorld, layout: Layout, act: () => Promise<FetchOutcome>): Promise<FetchOutcome> {
  try {
    const present = quietly(() => lstatSync(layout.destination));
    if (present?.isFile() === true)
      return fetchOutcome('fault', `${layout.destination} is a file; --dest names a folder that the artefact is put into`);
    world.disk.mkdirSync(layout.store, { recursive: true });
    const lock = world.lock(layout.lock);
    if (lock === undefined) return fetchOutcome('busy', `another process fetches to ${layout.destination}`);
    try {
      return await act();
    } finally {
      lock.release();
    }
  } catch (error) {
    return outcomeOfProblem(error);
  }
}

function settledNow(on: Switching): InstalledState {
  removeRemains(on.world, on.layout);
  const written = readState(on.layout);
  const state = settledState(on.world, on.layout, written);
  // The operator's own link is nowhere else once the destination is switched.
  if (written.current === undefined && state.current !== undefined) writeState(on.world, on.layout, state);
  return state;
}

async function underLock(fetch: Fetch): Promise<FetchOutcome> {
  const state = settledNow(fetch);
  const finished = await finishInterrupted(fetch, state);
  if (finished?.kind === 'rolled_back') return finished;
  const settled = finished === undefined ? state : readState(fetch.layout);
  for (let pass = 1; ; pass += 1) {
    try {
      const outcome = await onePass(fetch, settled, pass === 1);
      return outcome.kind === 'unchanged' && finished?.kind === 'changed' ? finished : outcome;
    } catch (error) {
      if (!(error instanceof DigestMismatch) || pass === PASSES) throw error;
      fetch.report.note('mismatch', `${error.message}; once more`, {});
    }
  }
}

/** Hooks that a killed run owes: undefined when there are none. */
async function finishInterrupted(fetch: Fetch, state: InstalledState): Promise<FetchOutcome | undefined> {
  if (state.hooksDue === undefined || seenTrees(fetch.layout).linkTarget !== state.current?.target) return undefined;
  fetch.report.note('interrupted', 'finishing what an earlier run has left', {});
  if (state.hooksDue === 'installed') return finishInstall(fetch, state);
  await finishTakeBack(fetch, state);
  return fetchOutcome('unchanged', 'the hook after a roll-back was run');
}

async function onePass(fetch: Fetch, state: InstalledState, conditional: boolean): Promise<FetchOutcome> {
  const { world, settings, report } = fetch;
  const known = conditional ? state.checked : undefined;
  const wanted = await findWanted({ world, settings, report, known });
  try {
    report.note('wanted', `${settings.fileName} is ${digestName(wanted.digest)}`, { digest: digestName(wanted.digest) });
    return await bring(fetch, checkedNow(settings, state, wanted), wanted);
  } finally {
    wanted.reply?.discard();
  }
}

function checkedNow(settings: FetchSettings, state: InstalledState, wanted: Wanted): InstalledState {
  const bad = settings.retryBad ? state.bad.filter((digest) => !sameDigest(digest, wanted.digest)) : state.bad;
  return { ...state, bad, checked: wanted.checked };
}

async function bring(fetch: Fetch, state: InstalledState, wanted: Wanted): Promise<FetchOutcome> {
  const { layout, settings } = fetch;
  const step = nextStep(state, seenTrees(layout), wanted.digest);
  switch (step.kind) {
    case 'unchanged':
      tidy(fetch, state);
      return fetchOutcome('unchanged', `${layout.destination} has ${digestName(wanted.digest)} already`);
    case 'bad':
      tidy(fetch, state);
      return fetchOutcome(
        'rolled_back',
        `${digestName(wanted.digest)} was taken back before; --retry-bad installs it all the same`,
      );
    case 'switch':
      return activate(fetch, state, releaseOf(fetch, wanted, step.target));
    case 'install': {
      const file = await download({ ...fetch, digest: wanted.digest }, wanted.reply);
      fetch.report.note('verified', `${settings.fileName} has the digest that it should have`, {});
      const name = await buildTree(fetch.world, layout, settings, wanted.digest, file, fetch.report);
      return activate(fetch, state, releaseOf(fetch, wanted, layout.targetOf(name)));
    }
  }
}

/** Keeps what was learnt about the source, when it is new, and removes what a killed run had no time to remove. */
function tidy(fetch: Fetch, state: InstalledState): void {
  const written = readState(fetch.layout);
  if (JSON.stringify(written.checked) !== JSON.stringify(state.checked)) writeState(fetch.world, fetch.layout, state);
  prune(fetch.world, fetch.layout, state, fetch.keep);
}

const releaseOf = (fetch: Fetch, wanted: Wanted, target: string): Release => ({
  target,
  digest: wanted.digest,
  artefact: fetch.settings.url,
  installedAt: new Date(fetch.world.nowMs()).toISOString(),
});

/** What a run would do; asks the publisher and changes nothing. */
export async function planFetch(world: FetchWorld, settings: FetchSettings, report: Report): Promise<FetchOutcome> {
  const layout = layoutOf(settings.destination);
  try {
    const state = readState(layout);
    const wanted = await findWanted({ world, settings, report, known: state.checked });
    wanted.reply?.discard();
    const step = nextStep(checkedNow(settings, state, wanted), seenTrees(layout), wanted.digest);
    const digest = digestName(wanted.digest);
    if (step.kind === 'unchanged') return fetchOutcome('unchanged', `${layout.destination} has ${digest} already`);
    if (step.kind === 'bad') return fetchOutcome('rolled_back', `${digest} was taken back before`);
    return fetchOutcome('changed', `would ${step.kind === 'switch' ? 'switch to' : 'download and install'} ${digest}`);
  } catch (error) {
    return outcomeOfProblem(error);
  }
}
