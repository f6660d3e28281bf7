/** What answers below the network's one host name: the lists of mirrors, the objects of trees, or else the content. */
export type SiteOrigin = 'answer' | 'objects' | 'content';

/** A path in the CDN's syntax: as it stands, or everything that begins as it does before its `*`. */
export interface SitePath {
  readonly pattern: string;
  readonly origin: Exclude<SiteOrigin, 'content'>;
}

/** As `answer` reads paths: `/metalink?repo=…` and `/metalink/REPO/ARCH` are the same question. No mount may begin with these words. */
const ANSWERS = ['metalink', 'mirrorlist', 'explain', 'status'];

/** Clients append `/mirrorlist` to a base that ends with a slash already; MirrorManager answered them. */
const BEGINNINGS = ['/', '//'];

/** Every path that is not content. The local edge takes its routes from here too. */
export const SITE_PATHS: readonly SitePath[] = [
  ...BEGINNINGS.flatMap((beginning) =>
    ANSWERS.flatMap((word): SitePath[] => [
      { pattern: `${beginning}${word}`, origin: 'answer' },
      { pattern: `${beginning}${word}/*`, origin: 'answer' },
    ]),
  ),
  { pattern: '/status.json', origin: 'answer' },
  { pattern: '/_o/*', origin: 'objects' },
];

const fits = (pattern: string, path: string): boolean =>
  pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;

export const siteOriginOf = (path: string): SiteOrigin =>
  SITE_PATHS.find(({ pattern }) => fits(pattern, path))?.origin ?? 'content';
