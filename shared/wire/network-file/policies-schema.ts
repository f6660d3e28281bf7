import * as v from 'valibot';
import { netblock } from './netblock.ts';
import { country, listOf, whole } from './scalars.ts';

const answerSchema = v.pipe(
  v.strictObject({
    minimumHosts: v.optional(
      whole('Fewer hosts than this after country and continent, and hosts from everywhere are appended.', 1, 100),
      5,
    ),
    maximumHosts: v.optional(whole('An answer stops at this many hosts.', 1, 1000), 50),
    embargoedCountries: v.optional(listOf(country('A country.'), 'Clients of these countries are served no mirror.', 250), []),
  }),
  v.description('What an answer looks like.'),
);

const port = v.pipe(
  v.number(),
  v.description('A TCP port.'),
  v.integer('must be a TCP port, 1 to 65535'),
  v.minValue(1, 'must be a TCP port, 1 to 65535'),
  v.maxValue(65_535, 'must be a TCP port, 1 to 65535'),
);

const crawlSchema = v.pipe(
  v.strictObject({
    allowedAddresses: v.optional(
      listOf(
        netblock('CIDR or one address.'),
        'Addresses that may be crawled although they are private or local. The metadata services of clouds stay closed.',
        100,
      ),
      [],
    ),
    allowedPorts: v.optional(
      v.pipe(
        v.union(
          [v.literal('any'), v.pipe(v.array(port), v.maxLength(100, 'more than 100 entries'))],
          'must be `any` or a list of TCP ports, 1 to 65535',
        ),
        v.description("TCP ports, besides each scheme's own, that URLs of mirrors and masters may name; `any` lifts the limit."),
      ),
      [],
    ),
    requestsPerCheck: v.optional(whole('Most HTTP requests that one check sends to one mirror.', 1, 100_000), 500),
    connectionsPerHost: v.optional(whole('Most connections to one mirror at one time.', 1, 20), 2),
  }),
  v.description('How mirrors are crawled.'),
);

const guardSchema = v.pipe(
  v.strictObject({
    maximumShrinkShare: v.optional(
      v.pipe(
        v.number(),
        v.description(
          'A snapshot that loses a larger share of its directories or listed hosts than this is refused; 0.2 is a fifth, 1 never refuses.',
        ),
        v.minValue(0, 'must be a share, 0 to 1'),
        v.maxValue(1, 'must be a share, 0 to 1'),
      ),
      0.2,
    ),
  }),
  v.description('What may be published.'),
);

export const policiesSchema = v.pipe(
  v.strictObject({
    answer: v.optional(answerSchema, {}),
    crawl: v.optional(crawlSchema, {}),
    guard: v.optional(guardSchema, {}),
  }),
  v.description('Rules of the whole network.'),
);
