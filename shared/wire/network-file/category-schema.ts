// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${name} is how the templates of repository rules are written
import * as v from 'valibot';
import { expression } from './expression.ts';
import { masterSchema } from './master-schema.ts';
import { duration, listOf, oneOf, relativePath, slug } from './scalars.ts';

const template = (description: string) =>
  v.pipe(v.string(), v.description(description), v.maxLength(200, 'longer than 200 characters'));

export const REPOSITORY_TYPES = ['rpm', 'apt', 'files'] as const;

export const ruleSchema = v.pipe(
  v.strictObject({
    ignore: v.optional(
      expression('Regular expression over the whole path; directories it fits are no repositories. Stands alone.'),
    ),
    match: v.optional(
      expression(
        "Regular expression over the directory's whole path, relative to the category, with named groups: `releases/(?<version>[0-9]+)/(?<arch>[^/]+)/os`.",
      ),
    ),
    type: v.optional(
      oneOf(
        REPOSITORY_TYPES,
        'Kind of repository: rpm (repodata/repomd.xml), apt (dists/SUITE with Release), or files. Defaults to rpm.',
      ),
    ),
    repo: v.optional(template('Template of the name that clients ask for; `${version}` is the text of that group.')),
    arch: v.optional(
      template(
        'Template of the architecture. Defaults to `${arch}` if the expression has that group; else to every architecture of the Release file (apt) or `noarch` (files).',
      ),
    ),
    directory: v.optional(
      template(
        "Template of the directory that clients are sent to; empty is the category's top. Defaults to the directory itself, for apt to the one that holds `dists`.",
      ),
    ),
  }),
  v.description('One rule; the first that fits a directory decides. Either `ignore`, or `match` with `repo`.'),
);

export const alternatesSchema = v.pipe(
  v.strictObject({
    propagation: v.optional(
      duration('The second newest head stays acceptable while the newest is younger than this.', '0s', '365d'),
      '3d',
    ),
    stale: v.optional(duration('Every earlier head goes when it is older than this.', '0s', '365d'), '4d'),
  }),
  v.description('How long earlier states of a repository stay acceptable to clients; they are the alternates of a metalink.'),
);

export const scheduleSchema = v.pipe(
  v.strictObject({
    scanMaster: v.optional(duration('How often the master is scanned.', '1s', '30d'), '15m'),
    reach: v.optional(duration('How often a mirror is asked whether it answers.', '1s', '30d'), '1h'),
    heads: v.optional(duration("How often a mirror's repository heads are read although nothing changed.", '1s', '30d'), '6h'),
    sample: v.optional(duration('How often sampled files are compared.', '1s', '90d'), '1d'),
    full: v.optional(duration('How often everything is compared, if the mirror can be listed.', '1s', '365d'), '7d'),
    probeAfterChange: v.optional(
      listOf(
        duration('Age of the change.', '1s', '30d'),
        'Ages of a change on the master at which every host that is not yet in sync is asked for its heads.',
        20,
      ),
      ['5m', '15m', '45m'],
    ),
  }),
  v.description('How often things are checked.'),
);

export const categorySchema = v.pipe(
  v.strictObject({
    id: slug('Name of the category.'),
    topDirectory: v.optional(
      relativePath("The category's place in the network's path space, as clients write it in `path=`. Defaults to the id."),
    ),
    master: masterSchema,
    excludes: v.optional(
      listOf(
        expression('Regular expression over the whole path of a directory or file, relative to the category.', 1),
        'What does not exist for this network, below these directories too.',
        200,
      ),
      [],
    ),
    rules: v.optional(listOf(ruleSchema, 'Ordered rules that turn directories into repositories.', 500), []),
    alternates: v.optional(alternatesSchema, {}),
    schedule: v.optional(scheduleSchema, {}),
  }),
  v.description('One tree of content that hosts carry or do not carry.'),
);
