import * as v from 'valibot';
import { netblock } from './netblock.ts';
import { asn, bandwidth, contacts, country, flag, line, listOf, slug, whole } from './scalars.ts';
import { treeUrl } from './url.ts';

export const carriageSchema = v.pipe(
  v.strictObject({
    category: slug('Id of the category.'),
    urls: listOf(
      treeUrl("Where the category's top directory is on this host: http, https or rsync; a slash at the end does not matter.", [
        'http',
        'https',
        'rsync',
      ]),
      'All URLs of the category on this host. No two carriages in the network share a URL.',
      10,
      1,
    ),
    alwaysCurrent: v.optional(
      flag('Declared current for every directory, like a CDN in front of the master: only that it answers is checked.'),
      false,
    ),
  }),
  v.description('What the host carries of one category.'),
);

export const hostSchema = v.pipe(
  v.strictObject({
    id: slug('Name of the host, usually its DNS name.'),
    site: v.optional(slug('Id of the site that runs the host. Without it the host is a site of its own, named like the host.')),
    country: country('Where the host is; clients there get it early.'),
    bandwidth: v.optional(bandwidth('Mbit/s as a number, or `500M`, `10G`; the weight of the host in every shuffle.'), 100),
    private: v.optional(flag('Offered only to clients of its netblocks and networks (ASNs).'), false),
    ownerActive: v.optional(flag("The owner's switch."), true),
    adminActive: v.optional(flag("The network administrator's switch."), true),
    asn: v.optional(asn("Number of the host's own autonomous system.")),
    asnClients: v.optional(flag('Clients of the own autonomous system get the host early.'), true),
    peerAsns: v.optional(listOf(asn('An autonomous system.'), 'Autonomous systems whose clients get the host early.', 200), []),
    netblocks: v.optional(
      listOf(
        netblock('CIDR (or one address), IPv4 or IPv6.', 1),
        'Clients inside get this host first, the longest prefix before all others.',
        500,
      ),
      [],
    ),
    countriesAllowed: v.optional(
      listOf(country('A country.'), 'When not empty, only clients of these countries are ever offered this host.', 250),
      [],
    ),
    carries: listOf(carriageSchema, 'What the host carries, category by category.', 100, 1),
    region: v.optional(slug('A region of your own naming, `eu-central`; a group of hosts for draining.')),
    provider: v.optional(slug('Who the host stands with, `rackspace`; a group of hosts for draining.')),
    tier: v.optional(whole('1 is fed by the master itself, 2 by hosts of tier 1.', 1, 3)),
    comment: v.optional(line('For people.', 500)),
    contacts: v.optional(contacts('Who answers for the host.'), []),
    pending: v.optional(
      flag('Nobody proved yet that the URLs belong to whoever declared the host: neither crawled nor offered.'),
      false,
    ),
  }),
  v.description('One serving machine, or one name in front of several.'),
);
