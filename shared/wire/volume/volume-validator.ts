import type { Validator } from '#domain/volume/tree-reader.ts';
import { aptProblems } from '#domain/volume/validate/apt-archive.ts';
import { checksumProblems } from '#domain/volume/validate/checksum-files.ts';
import { checkPythonPackages } from '#domain/volume/validate/python-packages.ts';
import { rpmProblems } from '#domain/volume/validate/rpm-repository.ts';
import type { Volume } from '#domain/volume/volume.ts';
import { aptDocuments } from '../apt/apt-documents.ts';
import { checksumDocuments } from '../checksum/checksum-documents.ts';
import { pythonDocuments, type ReadRange } from '../pypi/python-documents.ts';
import { rpmDocuments } from '../rpm/rpm-documents.ts';
import type { ReadingPorts } from './read-file.ts';

/** The validator that a volume's type makes mandatory. `readRange` lets wheels of more than 256 MiB be looked into. */
export function volumeValidator(
  { type, mount }: Pick<Volume, 'type' | 'mount'>,
  ports: ReadingPorts,
  readRange?: ReadRange,
): Validator {
  switch (type) {
    case 'rpm':
      return (tree) => rpmProblems(tree, rpmDocuments(tree, ports));
    case 'apt':
      return (tree) => aptProblems(tree, aptDocuments(tree, ports));
    case 'pypi':
    case 'wheel':
      return async (tree) => (await checkPythonPackages(tree, pythonDocuments(tree, ports, mount, readRange))).problems;
    case 'files':
      return (tree) => checksumProblems(tree, checksumDocuments(tree, ports));
  }
}
