import type { Distribution } from '#domain/volume/python/simple-index.ts';
import type { SimpleProject } from '#domain/volume/python/simple-project.ts';
import { linkPlace } from './link-place.ts';

/** Absolute paths, since a link that is relative to the page breaks when the page was reached by way of a redirect. */
const encoded = (path: string): string =>
  path
    .split('/')
    .map((segment) => encodeURIComponent(segment).replaceAll('%40', '@'))
    .join('/');

const filePlace = (mount: string, path: string): string => `/${encoded(mount)}/${encoded(path)}`;

const indexPlace = (mount: string): string => `/${encoded(mount)}/simple/`;

/** `project` in its normal form. */
export const projectPlace = (mount: string, project: string): string => `${indexPlace(mount)}${encoded(project)}/`;

/** From the page of a project, which is two folders deep. */
const fromPage = (path: string): string => `../../${encoded(path)}`;

/** The page of a project whose files are in a release, as it is kept there. */
export const keptProject = (name: string, files: readonly Distribution[]): SimpleProject => ({
  name,
  versions: [...new Set(files.map(({ version }) => version))],
  files: files.map((file) => ({
    name: file.name,
    url: fromPage(file.path),
    sha256: file.sha256,
    sizeBytes: file.sizeBytes,
    requiresPython: file.requiresPython,
    coreMetadata: undefined,
    yanked: undefined,
    uploadTime: undefined,
  })),
});

/**
 * A page that is kept at `page` of a release of the volume at `mount`, as clients see it below `shown`: the mount, or the mount with
 * the name of a release. Links that do not lead into the release stay as they are.
 */
export const shownProject = (kept: SimpleProject, mount: string, page: string, shown: string): SimpleProject => ({
  ...kept,
  files: kept.files.map((file) => {
    const { path } = linkPlace(file.url, mount, page);
    return path === undefined ? file : { ...file, url: filePlace(shown, path) };
  }),
});
