import * as v from 'valibot';
import type { PageLink } from '#domain/volume/validate/wheel-documents.ts';
import { decodeText } from '../bytes/decode-text.ts';
import { parseJson } from '../parse-json.ts';
import { linkPlace } from './link-place.ts';

const File = v.object({ url: v.string(), hashes: v.object({ sha256: v.optional(v.string()) }) });
const Page = v.union([v.object({ files: v.array(File) }), v.object({ projects: v.array(v.object({ name: v.string() })) })]);

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
