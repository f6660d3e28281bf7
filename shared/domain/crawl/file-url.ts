/**
 * The URL of a path on a mirror. Every step is percent-encoded, so that no name on the master can become a query or leave the
 * base; names that are not Unicode have no URL and are not asked for.
 */
export const fileUrl = (baseUrl: string, path: string): string | undefined =>
  path.isWellFormed() ? `${baseUrl}/${path.split('/').map(encodeURIComponent).join('/')}` : undefined;
