/**
 * The index that pip asks for, of volumes of Python packages (PEP 503 and PEP 691). A release keeps one page for each project, and
 * clients get it in the form that they accept, with links below the mount that they asked at. A project has one page and many names:
 * others than the normal one lead to it. A tree that has pages in HTML only is served as it is. As all directories, pages are of the
 * current release: files are found for a while after it has none of them, but whoever asks for a project that was taken back gets none.
 */
import { PAGE_BYTES } from '#domain/content/answer-bytes.ts';
import { WireError } from '#domain/errors.ts';
import { chooseSimpleForm, PLAIN_HTML, SIMPLE_FORMS, type SimpleForm } from '#domain/volume/python/choose-simple-form.ts';
import { isProjectName, normalName } from '#domain/volume/python/project-name.ts';
import type { Release } from '#domain/volume/release.ts';
import { parseSimpleIndexJson, parseSimpleProjectJson } from '#wire/pypi/parse-simple-json.ts';
import { printSimpleIndex, printSimpleProject } from '#wire/pypi/print-simple-page.ts';
import { SIMPLE_PAGE_NAME } from '#wire/pypi/simple-pages.ts';
import { shownProject } from '#wire/pypi/simple-place.ts';
import type { ContentReply } from './content-reply.ts';
import { madeReply, movedTo, notAcceptable, tooLarge } from './replies.ts';
import {
  askedMount,
  fileReply,
  type Located,
  locate,
  ofRelease,
  readEntry,
  type VolumeDeps,
  type VolumeQuestion,
} from './volume-files.ts';

interface SimplePath {
  /** As it is written; undefined for the list of all projects. */
  readonly project: string | undefined;
  /** With the slash at its end, without which links are wrong. */
  readonly isFolder: boolean;
}

const simplePath = (path: string): SimplePath | undefined => {
  const [match, project, slash] = /^simple(?:\/([^/]+))?(\/)?$/.exec(path) ?? [];
  return match === undefined ? undefined : { project, isFolder: slash !== undefined };
};

const normalPlace = (question: VolumeQuestion, project: string | undefined): ContentReply =>
  movedTo(`/${askedMount(question)}/simple/${project === undefined ? '' : `${normalName(project)}/`}`);

/** Undefined for a page that cannot be read: it is then what its publisher made it. */
const printed = (
  question: VolumeQuestion,
  project: string | undefined,
  { page, path, form }: { readonly page: Uint8Array; readonly path: string; readonly form: SimpleForm },
): string | undefined => {
  const mount = askedMount(question);
  try {
    return project === undefined
      ? printSimpleIndex(form, mount, parseSimpleIndexJson(page))
      : printSimpleProject(form, shownProject(parseSimpleProjectJson(page), question.volume.mount, path, mount));
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
};

/** A page is made when it is asked for, and must be in memory; nothing that one project has comes near the limit. */
const pageReply = async (
  deps: VolumeDeps,
  question: VolumeQuestion,
  project: string | undefined,
  located: Located,
): Promise<ContentReply> => {
  const { entry } = located;
  const form = chooseSimpleForm(question.accept);
  if (form === undefined) return notAcceptable(SIMPLE_FORMS);
  const limit = `pages of an index may have ${PAGE_BYTES} bytes here`;
  if (entry.sizeBytes > PAGE_BYTES) return tooLarge(`This one has ${entry.sizeBytes}: ${limit}.`);
  const text = printed(question, project, { page: await readEntry(deps, entry), path: entry.path, form });
  if (text === undefined) return fileReply(deps, question, located);
  if (Buffer.byteLength(text) > PAGE_BYTES) return tooLarge(`This one would have more: ${limit}.`);
  return madeReply(text, question.conditions, {
    'content-type': form === PLAIN_HTML ? `${form}; charset=utf-8` : form,
    vary: 'accept',
  });
};

/** Undefined for what is no page of an index, or is in the tree as it is to be served. */
export const pythonPage = async (
  deps: VolumeDeps,
  question: VolumeQuestion,
  releases: readonly Release[],
): Promise<ContentReply | undefined> => {
  const { volume, found } = question;
  const [first] = releases;
  const asked = simplePath(found.path);
  if (asked === undefined || first === undefined) return undefined;
  const { project, isFolder } = asked;
  if (!isFolder) {
    const file = await locate(deps, volume, releases, found.path);
    return file === undefined ? normalPlace(question, project) : undefined;
  }
  const page = await locate(deps, volume, [first], `${found.path}${SIMPLE_PAGE_NAME}`);
  if (page !== undefined) return ofRelease(page.release, await pageReply(deps, question, project, page));
  const isOtherName = project !== undefined && isProjectName(project) && normalName(project) !== project;
  return isOtherName && !(await deps.trees.hasFolder(first.root, found.path)) ? normalPlace(question, project) : undefined;
};
