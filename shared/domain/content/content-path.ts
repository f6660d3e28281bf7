/**
 * The path of a request for content, decoded once. Paths of trees are exact texts without `.`, `..` and control characters, so whatever
 * else is written means nothing and is found nowhere; no path of a file system is ever made of it. Two slashes in a row are what
 * people write who put a URL together by hand, and other servers let them.
 */
export type DecodedPath =
  /** Begins with a slash. */
  | { readonly kind: 'path'; readonly path: string }
  /** The same with single slashes. */
  | { readonly kind: 'elsewhere'; readonly path: string }
  | { readonly kind: 'malformed' };

const decoded = (raw: string): string | undefined => {
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
};

export const decodePath = (raw: string): DecodedPath => {
  const path = decoded(raw);
  if (path === undefined || !path.startsWith('/')) return { kind: 'malformed' };
  return path.includes('//') ? { kind: 'elsewhere', path: path.replace(/\/{2,}/g, '/') } : { kind: 'path', path };
};
