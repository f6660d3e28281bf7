import * as v from 'valibot';
import { categorySchema } from './category-schema.ts';
import { contentSchema } from './content-schema.ts';
import { hostSchema } from './host-schema.ts';
import { locksSchema } from './locks-schema.ts';
import { canonicalNetblock, ipAddress } from './netblock.ts';
import { policiesSchema } from './policies-schema.ts';
import { asn, continent, country, line, listOf } from './scalars.ts';
import { siteSchema } from './site-schema.ts';

/** As clients write it in `repo=`. */
const repositoryName = (description: string) =>
  v.pipe(
    v.string(),
    v.description(description),
    v.regex(/^[^\s,&?#]{1,200}$/, 'must be a repository name: 1 to 200 characters without spaces, `,`, `&`, `?` and `#`'),
  );

const mapOf = <
  const K extends v.BaseSchema<string, string, v.BaseIssue<unknown>>,
  const V extends v.BaseSchema<unknown, unknown, v.BaseIssue<unknown>>,
>(
  key: K,
  value: V,
  description: string,
) => v.pipe(v.record(key, value), v.description(description), v.maxEntries(2000, 'more than 2000 entries'));

const netblockKey = v.pipe(
  v.string(),
  v.description('CIDR or one address.'),
  v.check((input) => 'value' in canonicalNetblock(input), 'is not a netblock; write 192.0.2.0/24, 2001:db8::/32 or one address'),
);

const networkSchema = v.pipe(
  v.strictObject({
    name: line('Name of the network, for people.'),
    contact: line(
      'An e-mail address or URL; stands in the User-Agent of every request, so that the admin of a mirror can reach somebody.',
    ),
  }),
  v.description('Who this network is.'),
);

const localClientSchema = v.pipe(
  v.strictObject({
    country: v.optional(country('Country of clients of this machine.')),
    asn: v.optional(asn('Autonomous system of clients of this machine.')),
    address: v.optional(ipAddress('Address of clients of this machine.')),
  }),
  v.description('What is assumed of clients when the system runs on one machine, where no CDN says where they are.'),
);

export const disabledSchema = v.pipe(
  v.strictObject({
    repo: repositoryName('The repository.'),
    arch: v.optional(line('Only this architecture; without it, all.', 100)),
  }),
  v.description('A repository that is announced as disabled.'),
);

/** The whole file; the JSON Schema in docs/ is generated from it. Rules between entries are in checks beside it. */
export const networkFileSchema = v.pipe(
  v.strictObject({
    version: v.optional(
      v.pipe(v.literal(1, 'is not a version of this file; it must be 1'), v.description('Version of the file format.')),
      1,
    ),
    network: networkSchema,
    sites: v.optional(listOf(siteSchema, 'Who runs hosts. A host without `site` needs no entry here.', 10_000), []),
    hosts: v.optional(listOf(hostSchema, 'The mirrors.', 10_000), []),
    categories: v.optional(
      listOf(categorySchema, 'The trees that mirrors carry; at least one, unless there is `content`.', 100),
      [],
    ),
    aliases: v.optional(
      mapOf(
        repositoryName('The former name.'),
        repositoryName('The present name.'),
        'Former names of repositories, each with the present one.',
      ),
      {},
    ),
    disabled: v.optional(listOf(disabledSchema, 'Repositories that are announced as disabled.', 2000), []),
    countryOverrides: v.optional(
      mapOf(
        netblockKey,
        country('The country.'),
        'Netblocks whose country the geographical database has wrong, each with the right one.',
      ),
      {},
    ),
    continentOverrides: v.optional(
      mapOf(
        country('The country.'),
        continent('The continent: AF AN AS EU NA OC SA.'),
        'Countries that are better served by another continent than their own.',
      ),
      {},
    ),
    policies: v.optional(policiesSchema, {}),
    locks: v.optional(locksSchema),
    content: v.optional(contentSchema),
    localClient: v.optional(localClientSchema, {}),
  }),
  v.title('Mirrortide network file'),
  v.description('A network of mirrors: who mirrors what, from where, under which rules.'),
);

export type NetworkFile = v.InferOutput<typeof networkFileSchema>;
