import { PLAIN_HTML, SIMPLE_HTML, SIMPLE_JSON, type SimpleForm } from '#domain/volume/python/choose-simple-form.ts';
import { type Distribution, simpleIndex } from '#domain/volume/python/simple-index.ts';
import { printSimpleIndexHtml, printSimpleProjectHtml } from './print-simple-html.ts';
import { printSimpleIndexJson, printSimpleProjectJson } from './print-simple-json.ts';
import { releasedProject } from './simple-place.ts';

export interface SimplePage {
  /** Seen from the root of the release. */
  readonly path: string;
  readonly text: string;
}

/** The file of a page in each form, as bandersnatch calls them. */
export const SIMPLE_PAGE_NAMES: Readonly<Record<SimpleForm, string>> = {
  [PLAIN_HTML]: 'index.html',
  [SIMPLE_HTML]: 'index.html',
  [SIMPLE_JSON]: 'index.v1_json',
};

/** All pages of the index of a release, in both forms: that of the projects, then each project's. */
export function* simplePages(mount: string, distributions: readonly Distribution[]): Generator<SimplePage> {
  const index = simpleIndex(distributions);
  const projects = [...index.keys()];
  yield { path: `simple/${SIMPLE_PAGE_NAMES[PLAIN_HTML]}`, text: printSimpleIndexHtml(mount, projects) };
  yield { path: `simple/${SIMPLE_PAGE_NAMES[SIMPLE_JSON]}`, text: printSimpleIndexJson(projects) };
  for (const [name, files] of index) {
    const project = releasedProject(mount, name, files);
    yield { path: `simple/${name}/${SIMPLE_PAGE_NAMES[PLAIN_HTML]}`, text: printSimpleProjectHtml(project) };
    yield { path: `simple/${name}/${SIMPLE_PAGE_NAMES[SIMPLE_JSON]}`, text: printSimpleProjectJson(project) };
  }
}
