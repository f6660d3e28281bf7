/**
 * What a path of a proxy volume is at upstream. A path below the mount is the same path below `upstream`; there is no other way to name
 * something to fetch, so whatever a client writes, it stays below a URL that the network file declares. A volume of type `pypi` has
 * pages of its own making below `simple/`, and below `files/` what those pages lead to: `files/0/…` is the first of `fileHosts`, and
 * `files/upstream/…` is upstream itself. Nothing else of such a server is shown.
 */
import { encodePath } from '../answer/url-path.ts';
import { isProjectName, normalName } from '../volume/python/project-name.ts';
import { treePathProblem } from '../volume/tree-path.ts';
import type { ProxyVolume } from './content-rules.ts';

/** Something to fetch. */
export interface ProxyPage {
  readonly url: string;
  readonly isImmutable: boolean;
}

export type ProxyPlace =
  | (ProxyPage & { readonly kind: 'file' })
  /** The page of one project, whose name is in the normal form. */
  | (ProxyPage & { readonly kind: 'project'; readonly project: string })
  /** The list of all projects. */
  | (ProxyPage & { readonly kind: 'projects' })
  /** It has another path, below the mount. */
  | { readonly kind: 'moved'; readonly path: string }
  | { readonly kind: 'nowhere' };

const NOWHERE: ProxyPlace = { kind: 'nowhere' };

/** Longer ones no server takes. */
const LONGEST_URL = 4_000;

const UPSTREAM = 'upstream';

const isImmutable = ({ immutable }: ProxyVolume, path: string): boolean =>
  immutable.some((pattern) => new RegExp(`^(?:${pattern})$`, 'u').test(path));

/** Of `path` below a base; a directory's ends with a slash. */
const fileBelow = (volume: ProxyVolume, base: string, path: string, shown: string): ProxyPlace => {
  const bare = path.endsWith('/') ? path.slice(0, -1) : path;
  const url = `${base}/${encodePath(path)}`;
  if ((path !== '' && treePathProblem(bare) !== undefined) || url.length > LONGEST_URL) return NOWHERE;
  return { kind: 'file', url, isImmutable: isImmutable(volume, shown) };
};

const baseNamed = ({ upstream, fileHosts }: ProxyVolume, name: string): string | undefined =>
  name === UPSTREAM ? upstream : fileHosts[Number(name)];

const simplePlace = ({ upstream }: ProxyVolume, written: string, hasSlash: boolean): ProxyPlace => {
  if (!isProjectName(written)) return NOWHERE;
  const project = normalName(written);
  if (project !== written || !hasSlash) return { kind: 'moved', path: `simple/${project}/` };
  return { kind: 'project', project, url: `${upstream}/simple/${project}/`, isImmutable: false };
};

const pypiPlace = (volume: ProxyVolume, path: string): ProxyPlace => {
  if (path === '' || path === 'simple') return { kind: 'moved', path: 'simple/' };
  if (path === 'simple/') return { kind: 'projects', url: `${volume.upstream}/simple/`, isImmutable: false };
  const [, written, slash] = /^simple\/([^/]+)(\/?)$/.exec(path) ?? [];
  if (written !== undefined) return simplePlace(volume, written, slash === '/');
  const [, host, below] = /^files\/(upstream|\d{1,3})\/(.*[^/])$/s.exec(path) ?? [];
  const base = host === undefined ? undefined : baseNamed(volume, host);
  return base === undefined || below === undefined ? NOWHERE : fileBelow(volume, base, below, path);
};

/** `path` is decoded, and below the mount: no slash before it, and one behind it for a directory. */
export const proxyPlace = (volume: ProxyVolume, path: string): ProxyPlace =>
  volume.type === 'pypi' ? pypiPlace(volume, path) : fileBelow(volume, volume.upstream, path, path);

const decoded = (text: string): string | undefined => {
  // A slash that is encoded is another name at upstream, and would be a folder here.
  if (/%2f/i.test(text)) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

/**
 * The path below the mount of what a page of upstream links to; undefined for what is not ours to fetch. `url` is whole, in the form
 * that URLs have after parsing, and without a fragment.
 */
export const linkedPath = (volume: ProxyVolume, url: string): string | undefined => {
  const names = [...volume.fileHosts.keys()].map(String).concat(UPSTREAM);
  for (const name of names) {
    const base = baseNamed(volume, name);
    if (base === undefined || !url.startsWith(`${base}/`)) continue;
    const below = decoded(url.slice(base.length + 1));
    if (below === undefined || url.includes('?') || treePathProblem(below) !== undefined) return undefined;
    return `files/${name}/${below}`;
  }
  return undefined;
};
