import { distributionName, isDistribution } from '#domain/volume/python/distribution-name.ts';
import { normalName } from '#domain/volume/python/project-name.ts';
import type { Distribution } from '#domain/volume/python/simple-index.ts';
import type { SimpleFile, SimpleProject } from '#domain/volume/python/simple-project.ts';
import type { Sha256 } from '#domain/volume/tree.ts';
import type { Content, WantedFile } from '#domain/volume/upstream/wanted-file.ts';
import { MAX_PAGE_BYTES } from '#wire/pypi/parse-simple-page.ts';
import { pythonIndexPages } from '#wire/pypi/simple-pages.ts';
import { parseUpstreamIndex, parseUpstreamProject, UPSTREAM_ACCEPT, type UpstreamPage } from '#wire/pypi/upstream-page.ts';
import { broken } from '../update-stopped.ts';
import type { UpstreamSession } from '../upstream-session.ts';
import { type ListedFiles, listedFiles, readable, type UpstreamReader } from './upstream-reader.ts';

export interface PythonUpstreamDeps {
  readonly session: UpstreamSession;
  readonly hash: (bytes: Uint8Array) => Sha256;
}

/** What an index says of a distribution that is copied, without what is only known of its bytes. */
type Offered = Omit<Distribution, 'sha256' | 'sizeBytes'>;

const getPage = async (session: UpstreamSession, url: string): Promise<UpstreamPage | undefined> => {
  const headers = { accept: UPSTREAM_ACCEPT, 'cache-control': 'no-cache' };
  const answer = await session.get(url, MAX_PAGE_BYTES, headers);
  return answer && { bytes: answer.body, contentType: answer.headers['content-type'] ?? '', url: answer.url };
};

const getProject = async (session: UpstreamSession, top: string, name: string): Promise<SimpleProject | undefined> => {
  const url = `${top}/${encodeURIComponent(name)}/`;
  const page = await getPage(session, url);
  return page && readable(url, async () => parseUpstreamProject(page, name));
};

/**
 * Pages of projects that are declared, or of all that the index lists. A project that was removed between the list and its page is
 * none; one that somebody declared should be there.
 */
const getProjects = async (
  session: UpstreamSession,
  top: string,
  declared: readonly string[] | undefined,
): Promise<readonly SimpleProject[]> => {
  const names = declared?.map(normalName) ?? (await listedProjects(session, top));
  const projects = await Promise.all(
    names.map(async (name) => {
      const project = await getProject(session, top, name);
      if (project === undefined && declared !== undefined) throw broken(`${top}/${name}/`, 'is not there');
      return project;
    }),
  );
  return projects.filter((project) => project !== undefined);
};

const listedProjects = async (session: UpstreamSession, top: string): Promise<readonly string[]> => {
  const page = await getPage(session, `${top}/`);
  if (page === undefined) throw broken(`${top}/`, 'is not there');
  return readable(`${top}/`, async () => parseUpstreamIndex(page));
};

/**
 * Wheels and archives of source whose names say what they are. Files that were yanked are passed over: what is offered here is what
 * somebody may install without asking for it by its version.
 */
const offeredAs = (project: string, { name, requiresPython, yanked }: SimpleFile): Offered | undefined => {
  if (yanked !== undefined || !isDistribution(name)) return undefined;
  const parsed = distributionName(name);
  if (parsed.kind === 'bad' || normalName(parsed.project) !== project) return undefined;
  return { path: `packages/${project}/${name}`, name, project, version: parsed.version, requiresPython };
};

/** Without a hash, the URL stands for the file: indexes never use the name of a file again. */
const wantedFile = (path: string, { url, sha256, sizeBytes }: SimpleFile): WantedFile => ({
  path,
  url,
  mode: 'file',
  ...(sha256 === undefined ? { mark: url } : { sha256 }),
  ...(sizeBytes === undefined ? {} : { sizeBytes }),
});

const withContent = (offered: readonly Offered[], contents: ReadonlyMap<string, Content>): readonly Distribution[] =>
  offered.flatMap((file) => {
    const content = contents.get(file.path);
    return content === undefined ? [] : [{ ...file, ...content }];
  });

const addProject = (wanted: ListedFiles, project: SimpleProject): readonly Offered[] =>
  project.files.flatMap((file) => {
    const offered = offeredAs(project.name, file);
    if (offered === undefined || wanted.isExcluded(offered.path)) return [];
    wanted.add(wantedFile(offered.path, file));
    return [offered];
  });

/**
 * An index of Python packages; `top` is where its list of projects is. Its pages say where files are, on whatever host; here all are
 * below `packages/`, and the release's own index is made of what was copied.
 */
export const pythonUpstream = (
  { session, hash }: PythonUpstreamDeps,
  top: string,
  declared: readonly string[] | undefined,
  excludes: readonly string[],
): UpstreamReader => ({
  confirm: 'never',
  list: async (known) => {
    const wanted = listedFiles(excludes);
    const projects = await getProjects(session, top, declared);
    const offered = projects.flatMap((project) => addProject(wanted, project));
    const state = offered.map((file) => JSON.stringify([file, wanted.files.get(file.path)])).toSorted();
    const sha256 = hash(new TextEncoder().encode(state.join('\n')));
    if (known[0]?.sha256 === sha256) return 'same';
    return {
      heads: [{ path: '', sha256 }],
      files: wanted.files,
      made: (contents) => pythonIndexPages(withContent(offered, contents)),
    };
  },
});
