/**
 * From what is asked for to what is served: a repository with its metadata file, or a directory or file by path. Aliases are
 * followed once, as in MirrorManager. A repository that is published for an architecture-free name (`source`, `noarch`, `all`)
 * answers whatever architecture was asked for; MirrorManager instead forces `arch=source` when the name contains "source", which
 * knows one distribution's names. A file's own existence is not known, only its directory's.
 */
import type { RepositoryType } from '../inventory/inventory.ts';
import type { SnapshotRepository } from '../snapshot/document.ts';
import type { SnapshotView } from '../snapshot/view.ts';
import { nearPaths, nearRepositories } from './near-names.ts';
import type { AnswerFormat, Target } from './request.ts';
import { directorySuffix, fileSuffix } from './url-path.ts';

export type Resolved =
  | {
      readonly kind: 'found';
      /** Of the list's heading: `repo = R arch = A `. */
      readonly title: string;
      /** What shuffles are drawn for. */
      readonly topic: string;
      readonly type: RepositoryType;
      readonly category: number;
      readonly standings: number;
      /** What follows a carrier's base URL, percent-encoded. */
      readonly suffix: string;
      /** The repository whose head file is meant; lists without one cannot be metalinks. */
      readonly repository: SnapshotRepository | undefined;
    }
  | { readonly kind: 'missing'; readonly problem: string; readonly near: readonly string[] };

const ARCHITECTURE_FREE = ['source', 'noarch', 'all'];

const repositoryOf = (view: SnapshotView, repo: string, arch: string): SnapshotRepository | undefined => {
  const exact = view.repository(repo, arch);
  if (exact !== undefined) return exact;
  const free = ARCHITECTURE_FREE.find((name) => view.repository(repo, name) !== undefined);
  return free === undefined ? undefined : view.repository(repo, free);
};

const resolveRepository = (
  view: SnapshotView,
  asked: { readonly repo: string; readonly arch: string },
  format: AnswerFormat,
): Resolved => {
  const repo = view.alias(asked.repo) ?? asked.repo;
  const found = repositoryOf(view, repo, asked.arch);
  if (found === undefined) {
    return {
      kind: 'missing',
      problem: `repo = ${asked.repo} arch = ${asked.arch} error: invalid repo or arch`,
      near: nearRepositories(view, repo, asked.arch),
    };
  }
  if (found.disabled)
    return { kind: 'missing', problem: `repo = ${found.repo} arch = ${found.arch} error: repo disabled`, near: [] };
  const category = view.category(found.category);
  return {
    kind: 'found',
    title: `repo = ${found.repo} arch = ${found.arch} `,
    topic: `${found.repo}|${found.arch}`,
    type: found.type,
    category: found.category,
    standings: found.standings,
    suffix: format === 'metalink' ? fileSuffix(category, found.headPath) : directorySuffix(category, found.directory),
    repository: found,
  };
};

const isPlainFileName = (name: string): boolean => name !== '.' && name !== '..' && !/\p{Cc}/u.test(name);

const resolveHeadFile = (view: SnapshotView, path: string): Resolved => {
  const repository = view.repositoryOfHead(path);
  if (repository === undefined || repository.disabled) {
    return { kind: 'missing', problem: `${path} not found or has no metalink`, near: [] };
  }
  return {
    kind: 'found',
    title: `path = ${path} `,
    topic: path,
    type: repository.type,
    category: repository.category,
    standings: repository.standings,
    suffix: fileSuffix(view.category(repository.category), path),
    repository,
  };
};

const resolvePath = (view: SnapshotView, path: string, format: AnswerFormat): Resolved => {
  if (format === 'metalink') return resolveHeadFile(view, path);
  const slash = path.lastIndexOf('/');
  const exact = view.directory(path);
  const directory = exact ?? view.directory(path.slice(0, Math.max(0, slash)));
  if (directory === undefined || (exact === undefined && !isPlainFileName(path.slice(slash + 1)))) {
    return { kind: 'missing', problem: `path = ${path} error: invalid path`, near: nearPaths(view, path) };
  }
  const category = view.category(directory.category);
  return {
    kind: 'found',
    title: `path = ${path} `,
    topic: directory.path,
    type: 'files',
    category: directory.category,
    standings: directory.standings,
    suffix: exact === undefined ? fileSuffix(category, path) : directorySuffix(category, path),
    repository: undefined,
  };
};

export const resolveTarget = (view: SnapshotView, target: Target, format: AnswerFormat): Resolved =>
  target.kind === 'repository' ? resolveRepository(view, target, format) : resolvePath(view, target.path, format);
