import * as v from 'valibot';
import { line, listOf, relativePath } from './scalars.ts';
import { treeUrl } from './url.ts';

const masterText = v.pipe(
  v.string(),
  v.description(
    'Short form: a local directory (relative to this file), or the https URL of a fullfiletimelist that lies in the tree itself.',
  ),
  v.minLength(1, 'must not be empty'),
  v.maxLength(1000, 'longer than 1000 characters'),
);

/** Exactly one of the four kinds; the check stands with the other rules between keys. */
export const masterObject = v.pipe(
  v.strictObject({
    directory: v.optional(line('A local directory; relative to the folder of this file unless it begins with a slash.', 1000)),
    rsync: v.optional(treeUrl('rsync URL of the tree, listed with every scan.', ['rsync'])),
    fullfiletimelist: v.optional(
      treeUrl("URL of a list in quick-fedora-mirror's format, `fullfiletimelist-NAME`.", ['http', 'https']),
    ),
    stripPrefix: v.optional(
      relativePath(
        'With `fullfiletimelist`: leading part of the paths in the list that does not belong to the category, `linux` for instance.',
      ),
    ),
    url: v.optional(
      treeUrl('http or https URL of a tree that cannot be listed; only heads of the named repositories are read.', [
        'http',
        'https',
      ]),
    ),
    repositories: v.optional(
      listOf(relativePath('A repository, relative to the category.'), 'With `url`: directories of the repositories.', 3000, 1),
    ),
    heads: v.optional(
      treeUrl(
        "With `rsync` (required) and `fullfiletimelist`: http or https URL of the category's top directory, where repository heads are read. Defaults to the folder of the list and `stripPrefix`.",
        ['http', 'https'],
      ),
    ),
  }),
  v.description('Long form: exactly one of `directory`, `rsync`, `fullfiletimelist` and `url`.'),
);

/** Chosen by the input's shape and not by trial, so that a problem inside the mapping is reported where it is. */
export const masterSchema = v.lazy((input) => (typeof input === 'string' ? masterText : masterObject));

/** Both forms, for the published JSON Schema, which cannot choose by looking. */
export const masterForms = v.pipe(v.union([masterText, masterObject]), v.description('Where the original of the category is.'));
