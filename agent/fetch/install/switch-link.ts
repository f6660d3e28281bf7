import { lstatSync } from 'node:fs';
import type { InstalledState, Release } from '#domain/artefact/installed.ts';
import type { FetchWorld } from '../fetch-world.ts';
import { quietly, syncFolder } from './durable.ts';
import type { Layout } from './layout.ts';
import { adoptedNames, isPresent, linkTargetOf } from './trees.ts';

/**
 * Lets the destination lead to the tree: one rename, so that whoever looks sees the old one or the new one. Says which folder was
 * adopted, if the destination was one.
 */
export function switchLink(world: FetchWorld, layout: Layout, target: string): Release | undefined {
  if (linkTargetOf(layout) === target) return undefined;
  prepareLink(world, layout, target);
  const adopted = isFolder(layout.destination) ? adopt(world, layout) : undefined;
  world.disk.renameSync(layout.nextLink, layout.destination);
  syncFolder(world.disk, layout.parent);
  return adopted;
}

export function removeLink(world: FetchWorld, layout: Layout): void {
  if (linkTargetOf(layout) === undefined) return;
  world.disk.unlinkSync(layout.destination);
  syncFolder(world.disk, layout.parent);
}

function prepareLink(world: FetchWorld, layout: Layout, target: string): void {
  world.disk.rmSync(layout.nextLink, { force: true });
  world.disk.symlinkSync(target, layout.nextLink);
}

/**
 * A real folder moves beside and a link takes its place, once in a destination's life. No call that Node has exchanges the two in
 * one step: between two renames the destination is not there, and a run that is killed just then is repaired by the next one before
 * it does anything else.
 */
function adopt(world: FetchWorld, layout: Layout): Release {
  const name = `adopted-${world.nowMs()}`;
  world.disk.renameSync(layout.destination, layout.tree(name));
  return adoptedRelease(layout, name);
}

const adoptedRelease = (layout: Layout, name: string): Release =>
  foreign({ target: layout.targetOf(name), installedAt: new Date(Number(name.slice('adopted-'.length))).toISOString() });

const isFolder = (path: string): boolean => quietly(() => lstatSync(path))?.isDirectory() === true;

/**
 * The state as it stands now that this run begins: with what an operator had at the destination before, and without trees that
 * somebody has removed. Puts an adopted folder back into sight when a kill has left the destination empty.
 */
export function settledState(world: FetchWorld, layout: Layout, state: InstalledState): InstalledState {
  const known = new Set([state.current?.target, ...state.previous.map(({ target }) => target)]);
  const adopted = adoptedNames(layout)
    .map((name) => adoptedRelease(layout, name))
    .filter(({ target }) => !known.has(target));
  if (quietly(() => lstatSync(layout.destination)) === undefined) restoreLink(world, layout, state.current ?? adopted.at(-1));
  const previous = [...adopted, ...state.previous].filter((release) => isPresent(layout, release));
  return { ...state, current: state.current ?? foreignLink(world, layout), previous };
}

const foreign = ({ target, installedAt }: Pick<Release, 'target' | 'installedAt'>): Release => ({
  target,
  digest: undefined,
  artefact: undefined,
  installedAt,
});

function restoreLink(world: FetchWorld, layout: Layout, release: Release | undefined): void {
  if (release !== undefined && isPresent(layout, release)) switchLink(world, layout, release.target);
}

/** A link that leads somewhere else than into our folder was the operator's own way of switching. */
function foreignLink(world: FetchWorld, layout: Layout): Release | undefined {
  const target = linkTargetOf(layout);
  if (target === undefined || layout.nameOf(target) !== undefined) return undefined;
  return foreign({ target, installedAt: new Date(world.nowMs()).toISOString() });
}
