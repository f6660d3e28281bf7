import { isMapping } from '#wire/network-file/raw.ts';

type Mapping = Readonly<Record<string, unknown>>;

const mapping = (value: unknown): Mapping => (isMapping(value) ? value : {});

const union = (before: unknown, after: unknown): unknown => {
  if (before === 'any' || after === 'any') return 'any';
  const both = [before, after].flatMap((one) => (Array.isArray(one) ? one : []));
  return both.length === 0 ? undefined : [...new Set(both)];
};

const defined = (value: Mapping): Mapping =>
  Object.fromEntries(
    Object.entries(value).filter(([, one]) => one !== undefined && (one === 'any' || Object.keys(Object(one)).length > 0)),
  );

/**
 * Policies under which both the network as it is and the network as it is wanted are valid. Hosts and categories change one by
 * one, and each must be valid at its time: new addresses have to be allowed before the first host uses them, old ones until the
 * last has stopped. Rules of draining name categories that may not be there yet, and whoever applies must stay administrator to
 * the end; both wait for the last step. Arguments and result are in the network file's shape.
 */
export const loosenedPolicies = (before: unknown, after: unknown): unknown => {
  const had = mapping(before);
  const wanted = mapping(after);
  const [hadCrawl, crawl] = [mapping(had['crawl']), mapping(wanted['crawl'])];
  const { allowedAddresses: _a, allowedPorts: _p, ...crawling } = crawl;
  return defined({
    ...wanted,
    crawl: {
      ...crawling,
      ...defined({
        allowedAddresses: union(hadCrawl['allowedAddresses'], crawl['allowedAddresses']),
        allowedPorts: union(hadCrawl['allowedPorts'], crawl['allowedPorts']),
      }),
    },
    access: had['access'],
    drain: had['drain'],
  });
};
