import * as v from 'valibot';
import { type Parsed, parsedBy } from './scalars.ts';

export type UrlScheme = 'http' | 'https' | 'rsync';

const LONGEST_URL = 1000;
const OWN_PORT: Readonly<Record<UrlScheme, number>> = { http: 80, https: 443, rsync: 873 };

export interface UrlParts {
  readonly scheme: UrlScheme;
  /** Lower case; brackets of an IPv6 address taken off. */
  readonly host: string;
  readonly port: number;
  /** Canonical text without a trailing slash. */
  readonly url: string;
  readonly path: string;
}

const schemeOf = (input: string): string => /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(input)?.[1]?.toLowerCase() ?? '';

const parse = (input: string): URL | undefined => (URL.canParse(input) ? new URL(input) : undefined);

const isScheme = (scheme: string, schemes: readonly UrlScheme[]): scheme is UrlScheme =>
  schemes.some((known) => known === scheme);

const wrongScheme = (scheme: string, schemes: readonly UrlScheme[]): string => {
  const allowed = schemes.map((known) => `${known}://`).join(', ');
  if (scheme === 'ftp' || scheme === 'ftps') return `FTP is not supported: clients stopped speaking it; write ${allowed}`;
  return `must begin with ${allowed}`;
};

/** WHATWG rules for the host of every scheme: `rsync://` alone would leave upper case and spellings of IPv4 addresses as they are. */
const canonicalHost = (url: URL, scheme: UrlScheme): string | undefined => {
  if (scheme !== 'rsync') return url.hostname;
  return parse(`http://${url.hostname}/`)?.hostname;
};

/** Checks and canonicalises a URL of a tree. `wrong` never repeats the URL, since it may hold a password. */
export const parseTreeUrl = (input: string, schemes: readonly UrlScheme[]): Parsed<UrlParts> => {
  const scheme = schemeOf(input);
  if (!isScheme(scheme, schemes)) return { wrong: wrongScheme(scheme, schemes) };
  const url = /\s/.test(input) || !/^[a-z]+:\/\/[^/]/i.test(input) ? undefined : parse(input);
  const host = url === undefined ? undefined : canonicalHost(url, scheme);
  if (url === undefined || host === undefined || host === '') return { wrong: 'is not a URL' };
  if (url.username !== '' || url.password !== '' || /^[a-z]+:\/\/[^/?#]*@/i.test(input)) {
    return { wrong: 'must not hold a user name or a password: clients and logs would see it' };
  }
  if (/[?#]/.test(input)) return { wrong: 'must not have a query or a fragment: paths are appended to it' };
  const path = url.pathname.replace(/\/+$/, '');
  if (scheme === 'rsync' && path === '') return { wrong: 'names no rsync module; write rsync://host/module' };
  const port = url.port === '' ? OWN_PORT[scheme] : Number(url.port);
  const authority = port === OWN_PORT[scheme] ? host : `${host}:${port}`;
  return { value: { scheme, host: host.replace(/^\[|\]$/g, ''), port, path, url: `${scheme}://${authority}${path}` } };
};

/** True for a port that the scheme has anyway. */
export const isOwnPort = ({ scheme, port }: UrlParts): boolean => OWN_PORT[scheme] === port;

export const treeUrl = (description: string, schemes: readonly UrlScheme[]) =>
  v.pipe(
    v.string(),
    v.description(description),
    v.maxLength(LONGEST_URL, `longer than ${LONGEST_URL} characters`),
    parsedBy<string, string>((input) => {
      const parsed = parseTreeUrl(input, schemes);
      if ('wrong' in parsed) return parsed;
      // Escapes make it longer; what is stored and printed has to be readable again.
      const { url } = parsed.value;
      return url.length > LONGEST_URL ? { wrong: `longer than ${LONGEST_URL} characters when escaped` } : { value: url };
    }),
  );
