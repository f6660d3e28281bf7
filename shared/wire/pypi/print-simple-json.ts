import type { Distribution } from '#domain/volume/python/simple-index.ts';
import { filePlace } from './simple-place.ts';

/** PEP 691 with the sizes and versions of PEP 700. Fields that are not known are left out, as clients take an empty one for a value. */
const meta = { 'api-version': '1.1' };

/** The list of projects. */
export const printSimpleIndexJson = (projects: readonly string[]): string =>
  JSON.stringify({ meta, projects: projects.map((name) => ({ name })) });

/** The files of one project. */
export const printSimpleProjectJson = (mount: string, project: string, files: readonly Distribution[]): string =>
  JSON.stringify({
    meta,
    name: project,
    versions: [...new Set(files.map(({ version }) => version))],
    files: files.map(({ path, name, sha256, sizeBytes, requiresPython }) => ({
      filename: name,
      url: filePlace(mount, path),
      hashes: { sha256 },
      size: sizeBytes,
      ...(requiresPython === undefined ? {} : { 'requires-python': requiresPython }),
    })),
  });
