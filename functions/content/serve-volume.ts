/**
 * The story of one path of a volume:
 *
 *   the path ──▶ current release ──has it──▶ file, or folder
 *                     │ no
 *                     ▼
 *                releases of a moment ago, latest first ──has it──▶ file: its client read an index of then
 *                     │ no
 *                     ▼
 *                was anything released meanwhile? ──yes──▶ once more: another instance may have shown its index already
 *                     │ no
 *                     ▼
 *                not found
 */
import { httpDate } from '#domain/answer/http-date.ts';
import { encodePath } from '#domain/answer/url-path.ts';
import { directoryOf } from '#domain/content/directory.ts';
import { directoryPage } from '#domain/content/directory-page.ts';
import { releasesToSearch } from '#domain/content/releases-to-search.ts';
import type { Release } from '#domain/volume/release.ts';
import type { ContentReply } from './content-reply.ts';
import { movedTo, notFound, pageReply } from './replies.ts';
import { pythonPage } from './serve-python.ts';
import { fileReply, locate, ofRelease, type VolumeDeps, type VolumeQuestion } from './volume-files.ts';

/** Which release a listing is of, with a link to it alone, or from it to what is current. */
const foot = ({ volume, found }: VolumeQuestion, { sequence, state, sinceMs }: Release) => {
  const text = `Release ${sequence} of ${volume.id}, ${state.toLowerCase()} since ${httpDate(sinceMs)}.`;
  const isCurrent = found.release.kind === 'current';
  const link = isCurrent ? 'Only this release' : 'What is current';
  return { text, link, href: encodePath(`/${volume.mount}${isCurrent ? `@${sequence}` : ''}/${found.path}`) };
};

const folderReply = async (deps: VolumeDeps, question: VolumeQuestion, release: Release): Promise<ContentReply | undefined> => {
  const { found, path } = question;
  const index = await deps.trees.entry(release.root, `${found.path}index.html`);
  if (index !== undefined) return fileReply(deps, question, { release, entry: index });
  const { entries, isCut } = await deps.trees.folder(release.root, found.path);
  const directory = directoryOf(found.path, entries) ?? (found.path === '' ? { rows: [], isCut: false } : undefined);
  if (directory === undefined) return undefined;
  const shown = { ...directory, isCut: directory.isCut || isCut };
  return ofRelease(
    release,
    pageReply(directoryPage({ path, directory: shown, foot: foot(question, release) }), question.conditions),
  );
};

/** `all` are the releases that are known; undefined when none has the path. */
const lookIn = async (deps: VolumeDeps, question: VolumeQuestion, all: readonly Release[]): Promise<ContentReply | undefined> => {
  const { volume, found, path } = question;
  const releases = releasesToSearch(volume, found.release, all, deps.clock.now());
  const [first] = releases;
  if (first === undefined) return undefined;
  if (volume.type === 'pypi' || volume.type === 'wheel') {
    const page = await pythonPage(deps, question, releases);
    if (page !== undefined) return page;
  }
  if (found.path === '' || found.path.endsWith('/')) return folderReply(deps, question, first);
  const own = await locate(deps, volume, [first], found.path);
  if (own !== undefined) return fileReply(deps, question, own);
  if (await deps.trees.hasFolder(first.root, `${found.path}/`)) return ofRelease(first, movedTo(`${path}/`));
  const earlier = await locate(deps, volume, releases.slice(1), found.path);
  return earlier === undefined ? undefined : fileReply(deps, question, earlier);
};

export const serveVolume = async (deps: VolumeDeps, question: VolumeQuestion): Promise<ContentReply> => {
  const { id } = question.volume;
  const known = await deps.releases.current(id);
  const reply = await lookIn(deps, question, known.releases);
  if (reply !== undefined) return reply;
  const later = await deps.releases.fresh(id);
  return (later === known ? undefined : await lookIn(deps, question, later.releases)) ?? notFound();
};
