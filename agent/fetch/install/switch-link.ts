import { lstatSync } from 'node:fs';
import type { InstalledState, Release } from '#domain/artefact/installed.ts';
import type { FetchWorld } from '../fetch-world.ts';
import { quietly, syncPath } from './durable.ts';
import type { Layout } from './layout.ts';
import { adoptedNames, isPresent, linkTargetOf } from './trees.ts';

/**
 * Lets the destination lead to the tree: one rename, so that whoever looks sees the old one or the new one. Says which folder was
 * adopted, if the destination was one.
 */
export function switchLink(world: FetchWorld, layout: Layout, target: string): Release | undefined {
  if (linkTargetOf(layout) === target) return undefined;
  world.disk.symlinkSync(target, layout.nextLink);
  const adopted = isFolder(layout.destination) ? adopt(world, layout) : undefined;
  world.disk.renameSync(layout.nextLink, layout.destination);
  syncPath(world.disk, layout.parent);
  return adopted;
}

export function removeLink(world: FetchWorld, layout: Layout): void {
  if (linkTargetOf(layout) === undefined) return;
  world.disk.unlinkSync(layout.destination);
  syncPath(world.disk, layout.parent);
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
 * somebody has removed. A destination that is not there is put back first of all: a kill has left an adopted folder out of sight, or
 * somebody has removed the link, and then hooks are due as after any switch.
 */
export function settledState(world: FetchWorld, layout: Layout, state: InstalledState): InstalledState {
  const known = new Set([state.current?.target, ...state.previous.map(({ target }) => target)]);
  const adopted = adoptedNames(layout)
    .map((name) => adoptedRelease(layout, name))
    .filter(({ target }) => !known.has(target));
  const lost = quietly(() => lstatSync(layout.destination)) === undefined ? (state.current ?? adopted.at(-1)) : undefined;
  const restored = lost !== undefined && isPresent(layout, lost);
  if (restored) switchLink(world, layout, lost.target);
  const previous = [...adopted, ...state.previous].filter((release) => isPresent(layout, release));
  const hooksDue = restored && lost === state.current ? (state.hooksDue ?? 'installed') : state.hooksDue;
  return { ...state, current: state.current ?? foreignLink(world, layout), previous, hooksDue };
}

const foreign = ({ target, installedAt }: Pick<Release, 'target' | 'installedAt'>): Release => ({
  target,
  digest: undefined,
  artefact: undefined,
  installedAt,
});

/** A link that leads somewhere else than into our folder was the operator's own way of switching. */
function foreignLink(world: FetchWorld, layout: Layout): Release | undefined {
  const target = linkTargetOf(layout);
  if (target === undefined || layout.nameOf(target) !== undefined) return undefined;
  return foreign({ target, installedAt: new Date(world.nowMs()).toISOString() });
}
