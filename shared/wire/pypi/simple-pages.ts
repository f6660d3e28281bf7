import { type Distribution, simpleIndex } from '#domain/volume/python/simple-index.ts';
import { printSimpleIndexJson, printSimpleProjectJson } from './print-simple-json.ts';
import { keptProject } from './simple-place.ts';

export interface SimplePage {
  /** Seen from the root of the release. */
  readonly path: string;
  readonly text: string;
}

/** In the folder of a page, as bandersnatch calls it. */
export const SIMPLE_PAGE_NAME = 'index.v1_json';
export const SIMPLE_FOLDER = 'simple/';

/**
 * All pages of the index of a release, as they are kept in it: that of the projects, then each project's. They are JSON, which
 * `content` prints in the form that a client asks for, with links to the mount that it was asked at; in the release they do not name a
 * mount, so that the same files are the same release wherever the volume is.
 */
export function* pythonIndexPages(distributions: readonly Distribution[]): Generator<SimplePage> {
  const index = simpleIndex(distributions);
  yield { path: `${SIMPLE_FOLDER}${SIMPLE_PAGE_NAME}`, text: printSimpleIndexJson([...index.keys()]) };
  for (const [name, files] of index)
    yield { path: `${SIMPLE_FOLDER}${name}/${SIMPLE_PAGE_NAME}`, text: printSimpleProjectJson(keptProject(name, files)) };
}
