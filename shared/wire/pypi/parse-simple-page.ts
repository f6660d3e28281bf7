import { WireError } from '#domain/errors.ts';
import type { PageLink } from '#domain/volume/validate/wheel-documents.ts';
import { decodeText } from '../bytes/decode-text.ts';
import { linkPlace } from './link-place.ts';
import { pageAnchors } from './page-anchors.ts';

/** PyPI's own list of all projects is 30 MB. */
export const MAX_PAGE_BYTES = 67_108_864;
const DOCUMENT_TYPE = /^\ufeff?\s*<!doctype html>/i;

/** The digest that a link promises (PEP 503), lower case. */
export const linkedSha256 = (fragment: string): string | undefined =>
  /^#sha256=([0-9a-fA-F]{64})(?:$|&)/.exec(fragment)?.[1]?.toLowerCase();

/** The links of a page of an index (PEP 503) that is at `path` of a release at `mount`. Throws WireError for what pip refuses. */
export function parseSimplePage(bytes: Uint8Array, mount: string, path: string): readonly PageLink[] {
  const text = decodeText(bytes, 'the page');
  if (!DOCUMENT_TYPE.test(text)) throw new WireError('does not begin with <!DOCTYPE html>, and pip refuses such pages');
  return pageAnchors(text).anchors.map(({ href }) => {
    const place = linkPlace(href, mount, path);
    return { href: href.slice(0, 500), path: place.path, sha256: linkedSha256(place.fragment) };
  });
}
