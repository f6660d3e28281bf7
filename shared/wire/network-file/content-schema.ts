import * as v from 'valibot';
import { PROXY_TYPES } from '#domain/content/content-rules.ts';
import { DEFAULT_FRESH_MS, DEFAULT_MAXIMUM_BYTES, DEFAULT_STALE_MS } from '#domain/content/proxy-defaults.ts';
import { isProjectName, normalName } from '#domain/volume/python/project-name.ts';
import { DEFAULT_GRACE_MS, DEFAULT_RETAIN, DEFAULT_SHRINK_SHARE, VOLUME_TYPES } from '#domain/volume/volume.ts';
import { withoutOuterSlashes } from '../outer-slashes.ts';
import { expression } from './expression.ts';
import {
  duration,
  flag,
  line,
  listOf,
  oneOf,
  type Parsed,
  parsedBy,
  printDuration,
  printSize,
  relativePath,
  share,
  size,
  slug,
  whole,
} from './scalars.ts';
import { treeUrl } from './url.ts';

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** With a place's label and dots before it, a name still has no more than 253 characters. */
const LONGEST_DOMAIN = 180;

const parseDomain = (input: string): Parsed<string> => {
  const name = input.toLowerCase();
  const labels = name.split('.');
  const isName = labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '');
  return isName && name.length <= LONGEST_DOMAIN
    ? { value: name }
    : { wrong: `must be a DNS name like \`example.org\`, of at most ${LONGEST_DOMAIN} characters` };
};

const parseLabel = (input: string): Parsed<string> => {
  const label = input.toLowerCase();
  return LABEL.test(label) ? { value: label } : { wrong: 'must be letters, digits and `-`: it is a part of a DNS name' };
};

const label = (description: string) => v.pipe(v.string(), v.description(description), parsedBy(parseLabel));

const placeSchema = v.pipe(
  v.strictObject({
    region: label('Region of the clients, `dfw`.'),
    provider: label('Whose cloud or network they are in, `rackspace`.'),
  }),
  v.description('Where clients are: `mirror.REGION.PROVIDER.DOMAIN` and `mirror-REGION-PROVIDER.DOMAIN` are names of theirs.'),
);

const GROUP = 'group:';

const principals = (description: string) =>
  v.optional(
    listOf(
      v.pipe(
        line('A user, as the identity provider names it, or `group:NAME` for everybody in a group.'),
        v.check((input) => input !== GROUP, 'names no group; write `group:NAME`'),
      ),
      description,
      100,
    ),
    [],
  );

export const rolesSchema = v.pipe(
  v.strictObject({
    publishers: principals('Who may stage releases, upload their files and have them checked: nothing that clients see.'),
    releasers: principals('Who may make a validated release current.'),
    operators: principals('Who may roll back, hold, resume, pin, and ask for an update.'),
  }),
  v.description('Who may do what with the volume, besides the administrators of the network.'),
);

const projectName = v.pipe(
  v.string(),
  v.description('Name of a project, in any of its spellings.'),
  v.check((input) => isProjectName(input), 'must be the name of a Python project: letters, digits, and `-`, `_` or `.` inside'),
  v.transform(normalName),
);

export const upstreamSchema = v.pipe(
  v.strictObject({
    url: treeUrl("URL of the tree's top, of which rsync lists the files, or indexes say over http(s) what there is.", [
      'http',
      'https',
      'rsync',
    ]),
    kind: v.optional(oneOf(['http', 'rsync'], 'How it is listed. Defaults to what `url` begins with.')),
    files: v.optional(
      treeUrl('With rsync (required): http or https URL of the same tree, from which files are read.', ['http', 'https']),
    ),
    suites: v.optional(
      listOf(
        relativePath('A folder below `dists`, `bookworm-updates`.'),
        'With `apt` over http(s) (required): the suites to copy, since a web server lists nothing.',
        200,
        1,
      ),
    ),
    projects: v.optional(
      listOf(
        projectName,
        'With `pypi` and `wheel` over http(s): the projects to copy. Defaults to all that the index lists.',
        5000,
        1,
      ),
    ),
    excludes: v.optional(
      listOf(expression('Regular expression over the whole path of a file in the tree.', 1), 'What is not copied.', 200),
      [],
    ),
    every: v.optional(duration('How often it is looked at.', '5m', '30d'), '6h'),
    release: v.optional(flag('Whether a validated update becomes current by itself; if not, it waits for a releaser.'), true),
  }),
  v.description('Where the volume is copied from. Without it, somebody publishes.'),
);

const id = slug('Name of the volume; no other volume and no proxy volume has it.');

const mount = v.optional(
  v.pipe(
    v.string(),
    v.description(
      'Path below the host that serves content: `wheel/debian-12-x86_64`. No mount is below another. Defaults to the id.',
    ),
    // What a path may be is the domain's rule, and is asked with the other rules of mounts.
    v.transform(withoutOuterSlashes),
  ),
);

const comment = v.optional(line('For people.', 500));

export const volumeSchema = v.pipe(
  v.strictObject({
    id,
    mount,
    type: oneOf(
      VOLUME_TYPES,
      'What is in it, which decides how a release is validated: rpm, apt, pypi, wheel, or files, of which nothing is known.',
    ),
    quota: v.optional(size('A larger release is refused.', '1 kB', '1000 TiB')),
    maximumShrinkShare: v.optional(
      share(
        'A release that has fewer files or bytes than the one before, by a larger share than this, is refused; 1 never refuses.',
      ),
      DEFAULT_SHRINK_SHARE,
    ),
    maximumGrowthShare: v.optional(
      share('A release that has more bytes than the one before, by a larger share than this, is refused.', 1000),
    ),
    retain: v.optional(whole('Superseded releases that are kept for rollback, whatever their age.', 1, 1000), DEFAULT_RETAIN),
    grace: v.optional(
      duration('How long paths of a superseded release still resolve, for clients that read an index before.', '0s', '365d'),
      printDuration(DEFAULT_GRACE_MS),
    ),
    roles: v.optional(rolesSchema),
    upstream: v.optional(upstreamSchema),
    comment,
  }),
  v.description('A tree of content that is released and rolled back whole.'),
);

export const proxySchema = v.pipe(
  v.strictObject({
    id,
    mount,
    type: oneOf(PROXY_TYPES, 'files: as upstream has them. pypi: links in pages lead here.'),
    upstream: treeUrl('http or https URL, of `pypi` the one that has `simple/` below it; nothing else is ever asked for.', [
      'http',
      'https',
    ]),
    fileHosts: v.optional(
      listOf(
        treeUrl('http or https URL.', ['http', 'https']),
        "With `pypi`: where else the files of pages may be; links name them by their place in this list. Defaults to PyPI's own for pypi.org, and to none for others.",
        20,
      ),
    ),
    immutable: v.optional(
      listOf(
        expression('Regular expression over the whole path below the mount.', 1),
        'What never changes under its name, and is asked for once. The default depends on the type.',
        100,
      ),
    ),
    fresh: v.optional(
      duration('How long everything else is served before upstream is asked again.', '0s', '30d'),
      printDuration(DEFAULT_FRESH_MS),
    ),
    stale: v.optional(
      duration('How long after that it is served when upstream does not answer.', '0s', '365d'),
      printDuration(DEFAULT_STALE_MS),
    ),
    maximum: v.optional(
      size('Clients are sent to upstream itself for larger files.', '1 kB', '5 GiB'),
      printSize(DEFAULT_MAXIMUM_BYTES),
    ),
    comment,
  }),
  v.description("A volume that is filled from somebody else's server as clients ask. It has no releases."),
);

export const contentSchema = v.pipe(
  v.strictObject({
    domain: v.optional(v.pipe(v.string(), v.description("Domain of the places' names, `example.org`."), parsedBy(parseDomain))),
    places: v.optional(listOf(placeSchema, 'Places that have names of their own; content is the same in all.', 100), []),
    volumes: v.optional(listOf(volumeSchema, 'What is published here, or copied from upstream at its times.', 500), []),
    proxies: v.optional(listOf(proxySchema, 'What is fetched from upstream as clients ask.', 100), []),
  }),
  v.description('What the network serves itself, below the paths of one host name.'),
);

export type FileContent = v.InferOutput<typeof contentSchema>;
