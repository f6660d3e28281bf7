import { WireError } from '#domain/errors.ts';
import type { PageLink } from '#domain/volume/validate/wheel-documents.ts';
import { decodeText } from '../bytes/decode-text.ts';

/** PyPI's own list of all projects is 30 MB. */
export const MAX_PAGE_BYTES = 67_108_864;
const DOCUMENT_TYPE = /^\ufeff?\s*<!doctype html>/i;
const COMMENT = /<!--[\s\S]*?(?:-->|$)/g;
const LINK = /<a\s[^<>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')/gi;
/** Nobody's, by RFC 2606. */
const HOST = 'http://release.invalid';

/** The links of a page of an index (PEP 503) that is at `path` of a release at `mount`. Throws WireError for what pip refuses. */
export function parseSimplePage(bytes: Uint8Array, mount: string, path: string): readonly PageLink[] {
  const text = decodeText(bytes, 'the page');
  if (!DOCUMENT_TYPE.test(text)) throw new WireError('does not begin with <!DOCTYPE html>, and pip refuses such pages');
  const root = `${HOST}/${mount}/`;
  return [...text.replace(COMMENT, '').matchAll(LINK)].map(([, double, single]) => {
    const href = unescaped(double ?? single ?? '');
    const url = URL.parse(href, `${root}${path.split('/').map(encodeURIComponent).join('/')}`);
    const [, sha256 = undefined] = /^#sha256=([0-9a-fA-F]{64})(?:$|&)/.exec(url?.hash ?? '') ?? [];
    return { href: href.slice(0, 500), path: pathIn(url, root), sha256: sha256?.toLowerCase() };
  });
}

function pathIn(url: URL | null, root: string): string | undefined {
  const place = url === null ? '' : `${url.origin}${url.pathname}`;
  if (!place.startsWith(root)) return undefined;
  try {
    return decodeURIComponent(place.slice(root.length));
  } catch {
    return undefined;
  }
}

const unescaped = (text: string): string =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
