import * as v from 'valibot';
import { DRAIN_FAILURES, DRAIN_SCOPES } from '#domain/drain/drain-policy.ts';
import { netblock } from './netblock.ts';
import { country, duration, line, listOf, oneOf, share, slug, whole } from './scalars.ts';

export const answerSchema = v.pipe(
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

export const crawlSchema = v.pipe(
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

export const guardSchema = v.pipe(
  v.strictObject({
    maximumShrinkShare: v.optional(
      share(
        'A snapshot that loses a larger share of its directories or listed hosts than this is refused; 0.2 is a fifth, 1 never refuses.',
      ),
      0.2,
    ),
  }),
  v.description('What may be published.'),
);

export const minimumPrefixSchema = v.pipe(
  v.strictObject({
    ipv4: v.optional(whole('Bits of an IPv4 prefix.', 1, 32), 16),
    ipv6: v.optional(whole('Bits of an IPv6 prefix.', 1, 128), 32),
  }),
  v.description('Netblocks with a shorter prefix than this are registered by administrators of the network only.'),
);

const claim = (description: string) => line(description, 100);

export const accessSchema = v.pipe(
  v.strictObject({
    administratorGroups: v.optional(
      listOf(
        line('A group, as the identity provider names it.'),
        'Groups whose members are administrators of the network; nobody is while there are none.',
        100,
      ),
      [],
    ),
    userClaim: v.optional(claim("Claim of the identity provider's tokens that says who somebody is."), 'sub'),
    groupsClaim: v.optional(claim('Claim that says in which groups somebody is.'), 'groups'),
    siteCreation: v.optional(
      oneOf(['anyone', 'administrators'], 'Who may declare a new site: everybody with a valid token, or administrators only.'),
      'anyone',
    ),
    minimumPrefix: v.optional(minimumPrefixSchema, {}),
  }),
  v.description('Who may change the network through the API.'),
);

export const drainGroupSchema = v.pipe(
  v.strictObject({
    scope: oneOf(
      DRAIN_SCOPES,
      'Which hosts of a category are one group: all of them, or all of one region, provider or country. A host without region is in no group of regions.',
    ),
    categories: v.optional(listOf(slug('Id of a category.'), 'Categories that the rule is for; all when empty.', 100), []),
    minInService: v.optional(whole('No host is drained that would leave fewer than this in service.', 1, 1000), 1),
    maxDraining: v.optional(whole('At most this many hosts of a group are out of service at one time.', 1, 1000), 1),
  }),
  v.description(
    'How many hosts of a group may synchronise at one time. Of one scope the first rule that fits a category decides.',
  ),
);

export const drainSchema = v.pipe(
  v.strictObject({
    groups: v.optional(listOf(drainGroupSchema, 'Limits; a host needs a place in each of its groups.', 100), [
      { scope: 'global' },
    ]),
    lease: v.optional(duration('A synchronisation without a heartbeat for this long has lapsed.', '30s', '1d'), '10m'),
    maximum: v.optional(
      duration('A synchronisation that takes longer than this has lapsed, heartbeats or not.', '1m', '30d'),
      '12h',
    ),
    ticket: v.optional(duration('A place in the queue lapses when nobody asks for it for this long.', '1m', '7d'), '30m'),
    cacheBudget: v.optional(
      duration('How long clients may still come after a snapshot without the host was published.', '0s', '1d'),
      '10m',
    ),
    onFailure: v.optional(
      oneOf(
        DRAIN_FAILURES,
        'After a failed synchronisation: `hold-slot` until the host is verified or somebody decides, or `free-slot` for the next host.',
      ),
      'hold-slot',
    ),
    lapsedAlarm: v.optional(duration('A host that lapsed and was not verified for this long is an alarm.', '1m', '30d'), '1h'),
  }),
  v.description('How hosts are taken out of service while they synchronise.'),
);

export const policiesSchema = v.pipe(
  v.strictObject({
    answer: v.optional(answerSchema, {}),
    crawl: v.optional(crawlSchema, {}),
    guard: v.optional(guardSchema, {}),
    access: v.optional(accessSchema, {}),
    drain: v.optional(drainSchema, {}),
  }),
  v.description('Rules of the whole network.'),
);
