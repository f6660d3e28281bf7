import { type Digest, type DigestAlgorithm, digestOf } from '#domain/artefact/digest.ts';
import { WireError } from '#domain/errors.ts';
import type { AptPoolFile } from '#domain/volume/validate/apt-documents.ts';
import type { Paragraph } from './paragraph-scanner.ts';

export const PACKAGES_FIELDS = ['package', 'filename', 'size', 'sha256', 'sha512'];
export const SOURCES_FIELDS = ['package', 'directory', 'files', 'checksums-sha256', 'checksums-sha512'];

const CHECKSUMS: readonly (readonly [string, DigestAlgorithm | undefined])[] = [
  ['files', undefined],
  ['checksums-sha512', 'sha512'],
  ['checksums-sha256', 'sha256'],
];

const size = (text: string | undefined): number | undefined => (/^\d{1,15}$/.test(text ?? '') ? Number(text) : undefined);

/** The file of one paragraph of Packages. */
export function packageFile(paragraph: Paragraph): readonly AptPoolFile[] {
  const path = paragraph.get('filename') ?? '';
  if (path === '') throw new WireError(`does not say where the package ${JSON.stringify(paragraph.get('package') ?? '')} is`);
  const digest = digestOf('sha256', paragraph.get('sha256') ?? '') ?? digestOf('sha512', paragraph.get('sha512') ?? '');
  return [{ path, sizeBytes: size(paragraph.get('size')), digest }];
}

/** The files of one paragraph of Sources: the description of a source package, its archives and its patches. */
export function sourceFiles(paragraph: Paragraph): readonly AptPoolFile[] {
  const directory = paragraph.get('directory') ?? '';
  const name = JSON.stringify(paragraph.get('package') ?? '');
  if (directory === '') throw new WireError(`does not say where the source package ${name} is`);
  const files = new Map<string, AptPoolFile>();
  for (const [field, algorithm] of CHECKSUMS) {
    for (const line of (paragraph.get(field) ?? '').split('\n').filter((text) => text !== '')) {
      const [hex = '', bytes = '', file = ''] = line.split(/\s+/);
      if (file === '' || size(bytes) === undefined) throw new WireError(`has a line that names no file in ${field} of ${name}`);
      const digest: Digest | undefined = algorithm === undefined ? undefined : digestOf(algorithm, hex);
      files.set(file, { path: `${directory}/${file}`, sizeBytes: size(bytes), digest: digest ?? files.get(file)?.digest });
    }
  }
  return [...files.values()];
}
