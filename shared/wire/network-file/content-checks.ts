import { namesOfPlace } from '#domain/content/host-names.ts';
import { mountProblems } from '#domain/content/mounts.ts';
import { withoutOuterSlashes } from '../outer-slashes.ts';
import { duplicates } from './duplicates.ts';
import { type NetworkFileProblem, type ProblemPath, printPath, problem } from './problem.ts';
import { field, isMapping, list, text } from './raw.ts';
import { upstreamKind } from './to-content-rules.ts';
import { parseTreeUrl } from './url.ts';

/** Of DNS. */
const LONGEST_LABEL = 63;

interface Entry {
  readonly entry: unknown;
  readonly path: ProblemPath;
}

const entriesOf = (content: unknown, part: 'volumes' | 'proxies'): readonly Entry[] =>
  list(field(content, part)).map((entry, at) => ({ entry, path: ['content', part, at] }));

/** Where the mount is said, or the id that it is by default; undefined when neither is a text, which is a problem by itself. */
const mountedAt = ({
  entry,
  path,
}: Entry): { readonly id: string; readonly mount: string; readonly path: ProblemPath } | undefined => {
  const id = text(field(entry, 'id'));
  const said = field(entry, 'mount');
  const mount = said === undefined ? id : text(said);
  if (mount === undefined) return undefined;
  return { id: id ?? mount, mount: withoutOuterSlashes(mount), path: [...path, said === undefined ? 'id' : 'mount'] };
};

/** Volumes and proxy volumes are one list to clients. */
const nameProblems = (entries: readonly Entry[]): readonly NetworkFileProblem[] => {
  const twice = duplicates(
    entries.map(({ entry, path }) => ({ key: text(field(entry, 'id')), path: [...path, 'id'] })),
    'this id',
  );
  const told = new Set(twice.map(({ path }) => printPath(path)));
  const mounted = entries.flatMap((one) => mountedAt(one) ?? []);
  const misplaced = mountProblems(mounted).map(({ at, message }) => problem(mounted[at]?.path ?? [], message));
  // An id that stands twice is a mount that stands twice.
  return [...twice, ...misplaced.filter(({ path }) => !told.has(printPath(path)))];
};

type UpstreamKey = 'files' | 'suites' | 'projects';

/** Which key of an upstream goes with what; HTTP lists nothing, so indexes have to say what there is. */
const GOES_WITH: Readonly<
  Record<UpstreamKey, { readonly words: string; readonly fits: (kind: string, type: unknown) => boolean }>
> = {
  files: { words: 'goes with rsync only', fits: (kind) => kind === 'rsync' },
  suites: { words: 'goes with `apt` over http(s) only', fits: (kind, type) => kind === 'http' && type === 'apt' },
  projects: {
    words: 'goes with `pypi` and `wheel` over http(s) only',
    fits: (kind, type) => kind === 'http' && (type === 'pypi' || type === 'wheel'),
  },
};

const upstreamProblems = ({ entry, path: top }: Entry): readonly NetworkFileProblem[] => {
  const upstream = field(entry, 'upstream');
  const parsed = parseTreeUrl(text(field(upstream, 'url')) ?? '', ['http', 'https', 'rsync']);
  // Reported by itself; what goes with it is not known.
  if ('wrong' in parsed) return [];
  const path = [...top, 'upstream'];
  const type = field(entry, 'type');
  const kind = upstreamKind(parsed.value.url);
  const other = kind === 'rsync' ? 'http' : 'rsync';
  const has = (key: string): boolean => field(upstream, key) !== undefined;
  const stray = Object.entries(GOES_WITH).filter(([key, { fits }]) => has(key) && !fits(kind, type));
  return [
    ...(field(upstream, 'kind') === other
      ? [problem([...path, 'kind'], `is not what \`url\` begins with, which is ${kind}`)]
      : []),
    ...(kind === 'rsync' && !has('files') ? [problem(path, 'with rsync the key `files` is needed')] : []),
    ...(GOES_WITH.suites.fits(kind, type) && !has('suites')
      ? [problem(path, 'with `apt` over http(s) the key `suites` is needed')]
      : []),
    ...stray.map(([key, { words }]) => problem([...path, key], words, 'key')),
  ];
};

const proxyProblems = ({ entry, path }: Entry): readonly NetworkFileProblem[] => {
  const type = field(entry, 'type');
  const isPages = type === 'pypi' && /\/simple\/*$/.test(text(field(entry, 'upstream')) ?? '');
  return [
    ...(isPages ? [problem([...path, 'upstream'], 'names the pages themselves; write what is above `simple`')] : []),
    ...(type === 'files' && field(entry, 'fileHosts') !== undefined
      ? [problem([...path, 'fileHosts'], 'goes with `pypi` only', 'key')]
      : []),
  ];
};

/** The label of a place in names for wildcard certificates. */
const labelOf = (place: unknown): string | undefined => {
  const [region, provider] = [text(field(place, 'region')), text(field(place, 'provider'))];
  if (region === undefined || provider === undefined) return undefined;
  return namesOfPlace('', { region, provider })[1].slice(0, -1).toLowerCase();
};

/** Two places may not have a name in common, which differently cut ones do: `a-b` and `c`, `a` and `b-c`. */
const placeProblems = (content: unknown): readonly NetworkFileProblem[] => {
  const labels = list(field(content, 'places')).map((place, at) => ({ key: labelOf(place), path: ['content', 'places', at] }));
  const isNameless = labels.length > 0 && field(content, 'domain') === undefined;
  return [
    ...(isNameless ? [problem(['content', 'places'], 'need the key `domain`, below which their names are')] : []),
    ...duplicates(labels, 'a place of this name'),
    ...labels
      .filter(({ key }) => key !== undefined && key.length > LONGEST_LABEL)
      .map(({ key, path }) => problem(path, `its name ${key} is longer than ${LONGEST_LABEL} characters`)),
  ];
};

/** A network is for something: mirrors of its categories, or content of its own. */
const purposeProblems = (document: unknown): readonly NetworkFileProblem[] => {
  const categories = field(document, 'categories');
  if (!isMapping(document) || field(document, 'content') !== undefined) return [];
  if (categories === undefined) return [problem([], 'the key `categories` is missing')];
  return Array.isArray(categories) && categories.length === 0
    ? [problem(['categories'], 'needs at least 1 entry, unless there is `content`')]
    : [];
};

/** Rules between the entries of the section: mounts, names, and keys that go together. */
export const contentProblems = (document: unknown): readonly NetworkFileProblem[] => {
  const content = field(document, 'content');
  const [volumes, proxies] = [entriesOf(content, 'volumes'), entriesOf(content, 'proxies')];
  return [
    ...purposeProblems(document),
    ...placeProblems(content),
    ...nameProblems([...volumes, ...proxies]),
    ...volumes.flatMap(upstreamProblems),
    ...proxies.flatMap(proxyProblems),
  ];
};
