import { SIMPLE_JSON, type SimpleForm } from '#domain/volume/python/choose-simple-form.ts';
import type { SimpleProject } from '#domain/volume/python/simple-project.ts';
import { printSimpleIndexHtml, printSimpleProjectHtml } from './print-simple-html.ts';
import { printSimpleIndexJson, printSimpleProjectJson } from './print-simple-json.ts';

/** The list of projects in the form that a client asked for. */
export const printSimpleIndex = (form: SimpleForm, mount: string, projects: readonly string[]): string =>
  form === SIMPLE_JSON ? printSimpleIndexJson(projects) : printSimpleIndexHtml(mount, projects);

/** The files of one project, likewise. */
export const printSimpleProject = (form: SimpleForm, project: SimpleProject): string =>
  form === SIMPLE_JSON ? printSimpleProjectJson(project) : printSimpleProjectHtml(project);
