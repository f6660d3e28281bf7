import type { Distribution } from '#domain/volume/python/simple-index.ts';
import type { SimpleProject } from '#domain/volume/python/simple-project.ts';

/** Absolute paths, since a link that is relative to the page breaks when the page was reached by way of a redirect. */
const encoded = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

export const filePlace = (mount: string, path: string): string => `/${encoded(mount)}/${encoded(path)}`;

export const indexPlace = (mount: string): string => `/${encoded(mount)}/simple/`;

/** `project` in its normal form. */
export const projectPlace = (mount: string, project: string): string => `${indexPlace(mount)}${encoded(project)}/`;

/** The page of a project whose files are in a release. */
export const releasedProject = (mount: string, name: string, files: readonly Distribution[]): SimpleProject => ({
  name,
  versions: [...new Set(files.map(({ version }) => version))],
  files: files.map((file) => ({
    name: file.name,
    url: filePlace(mount, file.path),
    sha256: file.sha256,
    sizeBytes: file.sizeBytes,
    requiresPython: file.requiresPython,
    coreMetadata: undefined,
    yanked: undefined,
    uploadTime: undefined,
  })),
});
