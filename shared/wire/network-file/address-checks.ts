import { type Address, covers, type Netblock, parseAddress, parseNetblock } from './netblock.ts';
import { type NetworkFileProblem, type ProblemPath, problem } from './problem.ts';
import { field, isMapping, list, text } from './raw.ts';
import { carriagesOf } from './reference-checks.ts';
import { isOwnPort, parseTreeUrl, type UrlParts } from './url.ts';

interface Located {
  readonly parts: UrlParts;
  readonly path: ProblemPath;
}

const located = (value: unknown, path: ProblemPath): readonly Located[] => {
  const parsed = parseTreeUrl(text(value) ?? '', ['http', 'https', 'rsync']);
  return 'value' in parsed ? [{ parts: parsed.value, path }] : [];
};

const masterUrls = (document: unknown): readonly Located[] =>
  list(field(document, 'categories')).flatMap((category, at) => {
    const master = field(category, 'master');
    const path = ['categories', at, 'master'];
    if (!isMapping(master)) return located(master, path);
    return ['rsync', 'fullfiletimelist', 'url', 'heads'].flatMap((key) => located(field(master, key), [...path, key]));
  });

const mirrorUrls = (document: unknown): readonly Located[] =>
  carriagesOf(document).flatMap(({ carriage, path }) =>
    list(field(carriage, 'urls')).flatMap((url, at) => located(url, [...path, 'urls', at])),
  );

const contentUrls = (document: unknown): readonly Located[] => {
  const content = field(document, 'content');
  return [
    ...list(field(content, 'volumes')).flatMap((volume, at) =>
      ['url', 'files'].flatMap((key) =>
        located(field(field(volume, 'upstream'), key), ['content', 'volumes', at, 'upstream', key]),
      ),
    ),
    ...list(field(content, 'proxies')).flatMap((proxy, at) => [
      ...located(field(proxy, 'upstream'), ['content', 'proxies', at, 'upstream']),
      ...list(field(proxy, 'fileHosts')).flatMap((url, index) => located(url, ['content', 'proxies', at, 'fileHosts', index])),
    ]),
  ];
};

const LOOPBACK_NAME = /(?:^|\.)localhost\.?$/;

const addressOf = (host: string): Address | undefined => parseAddress(LOOPBACK_NAME.test(host) ? '127.0.0.1' : host);

/** Names are left to the guard of the crawler, which sees what they resolve to; an address in the file can be judged now. */
const addressProblem = ({ parts, path }: Located, allowed: readonly Netblock[]): readonly NetworkFileProblem[] => {
  const address = addressOf(parts.host);
  if (address === undefined || address.range() === 'unicast' || allowed.some((range) => covers(range, address))) return [];
  const message = `${parts.host} is not a public address (${address.range()}); if that is meant, put it into policies.crawl.allowedAddresses`;
  return [problem(path, message)];
};

const portProblem = ({ parts, path }: Located, allowed: unknown): readonly NetworkFileProblem[] => {
  if (isOwnPort(parts) || allowed === 'any' || list(allowed).includes(parts.port)) return [];
  return [problem(path, `port ${parts.port} is not allowed; if that is meant, put it into policies.crawl.allowedPorts`)];
};

/** Addresses and ports in URLs to which nothing here would connect: that of a mirror, of a master, of content's upstream. */
export const addressProblems = (document: unknown): readonly NetworkFileProblem[] => {
  const crawl = field(field(document, 'policies'), 'crawl');
  const allowed = list(field(crawl, 'allowedAddresses')).flatMap((entry) => parseNetblock(text(entry) ?? '') ?? []);
  const ports = field(crawl, 'allowedPorts');
  return [...masterUrls(document), ...mirrorUrls(document), ...contentUrls(document)].flatMap((one) => [
    ...addressProblem(one, allowed),
    ...portProblem(one, ports),
  ]);
};
