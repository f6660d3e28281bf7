import * as v from 'valibot';
import type { CoreMetadata, SimpleFile, SimpleProject } from '#domain/volume/python/simple-project.ts';
import type { PageLink } from '#domain/volume/validate/wheel-documents.ts';
import { decodeText } from '../bytes/decode-text.ts';
import { parseJson } from '../parse-json.ts';
import { linkPlace } from './link-place.ts';

const Hashes = v.object({ sha256: v.optional(v.string()) });
const Metadata = v.union([v.boolean(), Hashes]);
const File = v.object({
  filename: v.optional(v.string()),
  url: v.string(),
  hashes: Hashes,
  size: v.optional(v.nullable(v.number())),
  'requires-python': v.optional(v.nullable(v.string())),
  'core-metadata': v.optional(Metadata),
  // The name that it had before PEP 714.
  'dist-info-metadata': v.optional(Metadata),
  yanked: v.optional(v.union([v.boolean(), v.string()])),
  'upload-time': v.optional(v.nullable(v.string())),
});
const Project = v.object({ name: v.string(), versions: v.optional(v.array(v.string())), files: v.array(File) });
const Index = v.object({ projects: v.array(v.object({ name: v.string() })) });
const Page = v.union([v.object({ files: v.array(File) }), Index]);

const metadataOf = (written: v.InferOutput<typeof Metadata> | undefined): CoreMetadata | undefined => {
  if (written === undefined || written === false) return undefined;
  return { sha256: written === true ? undefined : written.sha256 };
};

const yankedOf = (written: boolean | string | undefined): string | undefined => {
  if (written === undefined || written === false) return undefined;
  return written === true ? '' : written;
};

const fileOf = (written: v.InferOutput<typeof File>): SimpleFile => ({
  name: written.filename ?? written.url.slice(written.url.lastIndexOf('/') + 1),
  url: written.url,
  sha256: written.hashes.sha256?.toLowerCase(),
  sizeBytes: written.size ?? undefined,
  requiresPython: written['requires-python'] ?? undefined,
  coreMetadata: metadataOf(written['core-metadata'] ?? written['dist-info-metadata']),
  yanked: yankedOf(written.yanked),
  uploadTime: written['upload-time'] ?? undefined,
});

/** The page of a project in JSON (PEP 691), with links as they are written. Throws WireError for anything else. */
export function parseSimpleProjectJson(bytes: Uint8Array): SimpleProject {
  const { name, versions, files } = parseJson(Project, decodeText(bytes, 'the page'), 'the page');
  return { name, versions, files: files.map(fileOf) };
}

/** Names of the list of all projects. Throws WireError for anything else. */
export const parseSimpleIndexJson = (bytes: Uint8Array): readonly string[] =>
  parseJson(Index, decodeText(bytes, 'the page'), 'the page').projects.map(({ name }) => name);

/** The links of a page of an index in JSON (PEP 691); the list of all projects has none. Throws WireError for anything else. */
export function parseSimpleJson(bytes: Uint8Array, mount: string, path: string): readonly PageLink[] {
  const page = parseJson(Page, decodeText(bytes, 'the page'), 'the page');
  if (!('files' in page)) return [];
  return page.files.map(({ url, hashes }) => ({
    href: url.slice(0, 500),
    path: linkPlace(url, mount, path).path,
    sha256: hashes.sha256?.toLowerCase(),
  }));
}
