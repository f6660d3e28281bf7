import type { SimpleFile, SimpleProject } from '#domain/volume/python/simple-project.ts';

/** PEP 691. Fields that are not known are left out, as clients take an empty one for a value. */
const WITH_SIZES = { 'api-version': '1.1' };
/** PEP 700 makes sizes and versions a duty of whoever says 1.1. */
const WITHOUT_SIZES = { 'api-version': '1.0' };

/** The list of projects. */
export const printSimpleIndexJson = (projects: readonly string[]): string =>
  JSON.stringify({ meta: WITH_SIZES, projects: projects.map((name) => ({ name })) });

/** The files of one project. */
export const printSimpleProjectJson = ({ name, versions, files }: SimpleProject): string => {
  const meta = versions !== undefined && files.every(({ sizeBytes }) => sizeBytes !== undefined) ? WITH_SIZES : WITHOUT_SIZES;
  return JSON.stringify({ meta, name, versions, files: files.map(plainFile) });
};

const plainFile = ({ name, url, sha256, sizeBytes, requiresPython, coreMetadata, yanked, uploadTime }: SimpleFile) => ({
  filename: name,
  url,
  hashes: { sha256 },
  size: sizeBytes,
  'requires-python': requiresPython,
  'core-metadata': coreMetadata && (coreMetadata.sha256 === undefined ? true : { sha256: coreMetadata.sha256 }),
  yanked: yanked === '' ? true : yanked,
  'upload-time': uploadTime,
});
