import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Digest, digestName, sameDigest } from '#domain/artefact/digest.ts';
import { type InstalledState, keptTargets, NOTHING_INSTALLED, type Release, type SeenTrees } from '#domain/artefact/installed.ts';
import { parseInstalledState, parseTreeMarker, printInstalledState } from '#wire/artefact/installed-state.ts';
import type { FetchWorld } from '../fetch-world.ts';
import { quietly, temporaryOf, writeWhole } from './durable.ts';
import { isAdoptedName, isTrashName, isTreeName, isUnfinishedName, type Layout, MARKER_NAME, trashName } from './layout.ts';

export function readState(layout: Layout): InstalledState {
  const text = quietly(() => readFileSync(layout.state, 'utf8'));
  if (text === undefined) return NOTHING_INSTALLED;
  try {
    return parseInstalledState(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : cause;
    throw new Error(`${layout.state}: ${reason}. Remove it to begin anew; the trees beside it are used again`, { cause });
  }
}

export const writeState = (world: FetchWorld, layout: Layout, state: InstalledState): void =>
  writeWhole(world.disk, layout.store, layout.state, printInstalledState(state));

const namesIn = (folder: string): readonly string[] => quietly(() => readdirSync(folder)) ?? [];

export const linkTargetOf = (layout: Layout): string | undefined => quietly(() => readlinkSync(layout.destination));

/** The digest in a tree's marker, if it is the one that its name says. */
export function wholeDigest(layout: Layout, name: string): Digest | undefined {
  const text = quietly(() => readFileSync(join(layout.tree(name), MARKER_NAME), 'utf8'));
  const digest = text === undefined ? undefined : parseTreeMarker(text);
  return digest !== undefined && name.replace(/\.\d+$/, '') === digestName(digest) ? digest : undefined;
}

export function seenTrees(layout: Layout): SeenTrees {
  const whole = new Map<string, Digest>();
  for (const name of namesIn(layout.store).filter(isTreeName)) {
    const digest = wholeDigest(layout, name);
    if (digest !== undefined) whole.set(layout.targetOf(name), digest);
  }
  return { linkTarget: linkTargetOf(layout), whole };
}

export const adoptedNames = (layout: Layout): readonly string[] => namesIn(layout.store).filter(isAdoptedName);

/** Is the tree of this release there, so that the destination can lead to it? */
export function isPresent(layout: Layout, release: Release): boolean {
  const name = layout.nameOf(release.target);
  if (release.digest === undefined || name === undefined)
    return quietly(() => lstatSync(join(layout.parent, release.target))) !== undefined || release.target.startsWith('/');
  const digest = wholeDigest(layout, name);
  return digest !== undefined && sameDigest(digest, release.digest);
}

/** What a killed run left half made or half removed; every run begins with this. */
export function removeRemains(world: FetchWorld, layout: Layout): void {
  for (const name of namesIn(layout.store))
    if (isUnfinishedName(name) || isTrashName(name)) world.disk.rmSync(layout.tree(name), { recursive: true, force: true });
  for (const path of [layout.nextLink, temporaryOf(layout.state)]) world.disk.rmSync(path, { force: true });
}

/** Removes what no kept release needs. A tree gets another name first, so that a half removed one is never taken for whole. */
export function prune(world: FetchWorld, layout: Layout, state: InstalledState, keep: number): void {
  const kept = new Set([...keptTargets(state, keep), linkTargetOf(layout)]);
  for (const name of namesIn(layout.store).filter(isTreeName)) {
    if (kept.has(layout.targetOf(name))) continue;
    world.disk.renameSync(layout.tree(name), layout.tree(trashName(name)));
    world.disk.rmSync(layout.tree(trashName(name)), { recursive: true, force: true });
  }
  world.disk.rmSync(layout.cache, { recursive: true, force: true });
}
