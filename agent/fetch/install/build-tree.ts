import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Digest, digestName } from '#domain/artefact/digest.ts';
import { treeName } from '#domain/artefact/installed.ts';
import { printTreeMarker } from '#wire/artefact/installed-state.ts';
import type { Report } from '../../report/report.ts';
import { unpack } from '../archive/unpack.ts';
import type { FetchSettings } from '../fetch-settings.ts';
import type { FetchWorld } from '../fetch-world.ts';
import { syncPath, writeWhole } from './durable.ts';
import { type Layout, MARKER_NAME, trashName, unfinishedName } from './layout.ts';
import { linkTargetOf, wholeDigest } from './trees.ts';

const FOLDER_MODE = 0o755;

/**
 * Makes a whole tree from a verified file and resolves to its name. It grows under another name, every file of it is on disk before
 * the marker is, and the marker before the name: a tree that has its name is whole.
 */
export async function buildTree(
  world: FetchWorld,
  layout: Layout,
  settings: FetchSettings,
  digest: Digest,
  file: string,
  report: Report,
): Promise<string> {
  const name = treeName(digest, (candidate) => layout.targetOf(candidate) === linkTargetOf(layout));
  removeDamaged(world, layout, name);
  const folder = layout.tree(unfinishedName(name));
  world.disk.mkdirSync(folder, FOLDER_MODE);
  if (settings.unpack) await unpack({ ...world, file, folder, limits: settings.archive, report });
  else world.disk.linkSync(file, join(folder, settings.fileName));
  writeWhole(world.disk, folder, join(folder, MARKER_NAME), printTreeMarker(digest));
  world.disk.renameSync(folder, layout.tree(name));
  syncPath(world.disk, layout.store);
  if (wholeDigest(layout, name) === undefined)
    throw new Error(`${layout.tree(name)}: the marker of ${digestName(digest)} is not there`);
  return name;
}

/** A tree without its marker that nothing leads to: somebody has deleted parts of it. */
function removeDamaged(world: FetchWorld, layout: Layout, name: string): void {
  const trash = layout.tree(trashName(name));
  if (!existsSync(layout.tree(name))) return;
  world.disk.renameSync(layout.tree(name), trash);
  world.disk.rmSync(trash, { recursive: true, force: true });
}
