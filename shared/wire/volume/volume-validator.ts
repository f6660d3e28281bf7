import { excludedPaths } from '#domain/volume/excluded-paths.ts';
import type { TreeReader, Validator } from '#domain/volume/tree-reader.ts';
import { aptProblems } from '#domain/volume/validate/apt-archive.ts';
import { checksumProblems } from '#domain/volume/validate/checksum-files.ts';
import { pythonIndexProblems } from '#domain/volume/validate/python-index.ts';
import { checkPythonPackages } from '#domain/volume/validate/python-packages.ts';
import { rpmProblems } from '#domain/volume/validate/rpm-repository.ts';
import type { Volume } from '#domain/volume/volume.ts';
import { aptDocuments } from '../apt/apt-documents.ts';
import { checksumDocuments } from '../checksum/checksum-documents.ts';
import { pythonDocuments, type ReadRange } from '../pypi/python-documents.ts';
import { rpmDocuments } from '../rpm/rpm-documents.ts';
import type { ReadingPorts } from './read-file.ts';

export interface ValidatorOptions {
  /** Lets large wheels be looked into without reading all of them; without it, only those of at most 256 MiB. */
  readonly readRange?: ReadRange;
  /** A release of the volume that was found good, so that only what is new is opened. */
  readonly before?: Pick<TreeReader, 'entry'>;
}

/** The validator that a volume's type makes mandatory. */
export function volumeValidator(
  { type, mount, upstream }: Pick<Volume, 'type' | 'mount' | 'upstream'>,
  ports: ReadingPorts,
  { readRange, before }: ValidatorOptions = {},
): Validator {
  const isExcluded = excludedPaths(upstream?.excludes ?? []);
  switch (type) {
    case 'rpm':
      return (tree) => rpmProblems(tree, rpmDocuments(tree, ports));
    case 'apt':
      return (tree) => aptProblems(tree, aptDocuments(tree, ports), isExcluded);
    case 'pypi':
    case 'wheel':
      return async (tree) => {
        const { problems } = await checkPythonPackages(tree, pythonDocuments(tree, ports, mount, readRange), before);
        return [...problems, ...pythonIndexProblems(tree)];
      };
    case 'files':
      return (tree) => checksumProblems(tree, checksumDocuments(tree, ports), isExcluded);
  }
}
