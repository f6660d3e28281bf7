/** Nobody's, by RFC 2606. */
const HOST = 'http://release.invalid';

export interface LinkPlace {
  /** Seen from the root of the release; undefined for a place outside of it. */
  readonly path: string | undefined;
  /** What is behind `#`, with it. */
  readonly fragment: string;
}

/** Where a link leads that is written on the page `page` of a release at `mount`. */
export function linkPlace(href: string, mount: string, page: string): LinkPlace {
  const root = `${HOST}/${encoded(mount)}/`;
  const url = URL.parse(href, `${root}${encoded(page)}`);
  return { path: url === null ? undefined : pathIn(`${url.origin}${url.pathname}`, root), fragment: url?.hash ?? '' };
}

const encoded = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

function pathIn(place: string, root: string): string | undefined {
  if (!place.startsWith(root)) return undefined;
  try {
    return decodeURIComponent(place.slice(root.length));
  } catch {
    return undefined;
  }
}
