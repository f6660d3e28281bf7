import { withoutOuterSlashes } from '../outer-slashes.ts';
import { duplicates } from './duplicates.ts';
import { suggestion } from './near-name.ts';
import { canonicalNetblock } from './netblock.ts';
import { type NetworkFileProblem, type ProblemPath, printPath, problem } from './problem.ts';
import { field, isMapping, list, text } from './raw.ts';
import { parseTreeUrl } from './url.ts';

const idsOf = (document: unknown, part: string) =>
  list(field(document, part)).map((entry, at) => ({ key: text(field(entry, 'id')), path: [part, at, 'id'] as ProblemPath }));

const names = (entries: readonly { readonly key: string | undefined }[]): ReadonlySet<string> =>
  new Set(entries.flatMap(({ key }) => key ?? []));

const unknownName = (
  value: unknown,
  known: ReadonlySet<string>,
  what: string,
  path: ProblemPath,
): readonly NetworkFileProblem[] => {
  const name = text(value);
  if (name === undefined || known.has(name)) return [];
  return [problem(path, `there is no ${what} ${JSON.stringify(name.slice(0, 60))}${suggestion(name, known)}`)];
};

interface Carriage {
  readonly carriage: unknown;
  readonly path: ProblemPath;
}

export const carriagesOf = (document: unknown): readonly Carriage[] =>
  list(field(document, 'hosts')).flatMap((host, at) =>
    list(field(host, 'carries')).map((carriage, index) => ({ carriage, path: ['hosts', at, 'carries', index] })),
  );

const urlKey = (input: unknown): string | undefined => {
  const parsed = parseTreeUrl(text(input) ?? '', ['http', 'https', 'rsync']);
  return 'value' in parsed ? parsed.value.url : undefined;
};

const duplicateUrls = (carriages: readonly Carriage[]): readonly NetworkFileProblem[] =>
  duplicates(
    carriages.flatMap(({ carriage, path }) =>
      list(field(carriage, 'urls')).map((url, at) => ({ key: urlKey(url), path: [...path, 'urls', at] })),
    ),
    'this URL',
  );

/** A category stands once in a host: its URLs belong together. */
const duplicateCarriages = (document: unknown): readonly NetworkFileProblem[] =>
  list(field(document, 'hosts')).flatMap((host, at) =>
    duplicates(
      list(field(host, 'carries')).map((carriage, index) => ({
        key: text(field(carriage, 'category')),
        path: ['hosts', at, 'carries', index, 'category'],
      })),
      'this category of the host',
    ),
  );

const duplicateTops = (document: unknown): readonly NetworkFileProblem[] =>
  duplicates(
    list(field(document, 'categories')).map((category, at) => {
      const said = text(field(category, 'topDirectory'));
      const top = said === undefined ? undefined : withoutOuterSlashes(said);
      const own = top ?? text(field(category, 'id'));
      return { key: own, path: top === undefined ? ['categories', at, 'id'] : ['categories', at, 'topDirectory'] };
    }),
    'this top directory',
  );

/** One hop only, so that what a name means never depends on an order. */
const aliasProblems = (document: unknown): readonly NetworkFileProblem[] => {
  const aliases = field(document, 'aliases');
  if (!isMapping(aliases)) return [];
  return Object.entries(aliases).flatMap(([from, to]) => {
    if (from === to) return [problem(['aliases', from], 'an alias of itself')];
    return typeof to === 'string' && Object.hasOwn(aliases, to)
      ? [problem(['aliases', from], `${JSON.stringify(to)} is an alias itself; name the repository that it stands for`)]
      : [];
  });
};

/** Two spellings of one netblock, or of one country. */
const overrideProblems = (document: unknown): readonly NetworkFileProblem[] => {
  const keysOf = (part: string, keyOf: (name: string) => string | undefined) => {
    const overrides = field(document, part);
    return Object.keys(isMapping(overrides) ? overrides : {}).map((name) => ({ key: keyOf(name), path: [part, name] }));
  };
  const canonical = (name: string): string | undefined => {
    const parsed = canonicalNetblock(name);
    return 'value' in parsed ? parsed.value : undefined;
  };
  return [
    ...duplicates(keysOf('countryOverrides', canonical), 'this netblock'),
    ...duplicates(
      keysOf('continentOverrides', (name) => name.toUpperCase()),
      'this country',
    ),
  ];
};

/** Of one scope the first rule that fits a category decides; one that never decides is a mistake. */
const drainProblems = (document: unknown, categories: ReadonlySet<string>): readonly NetworkFileProblem[] => {
  const decided = new Map<string, ProblemPath>();
  return list(field(field(field(document, 'policies'), 'drain'), 'groups')).flatMap((group, at) => {
    const path = ['policies', 'drain', 'groups', at];
    const scope = text(field(group, 'scope'));
    const named = list(field(group, 'categories'));
    const unknown = named.flatMap((name, index) => unknownName(name, categories, 'category', [...path, 'categories', index]));
    if (scope === undefined) return unknown;
    const keys = named.length === 0 ? [scope] : named.map((name) => `${scope}/${String(name)}`);
    const earlier = decided.get(scope) ?? decided.get(keys.find((key) => decided.has(key)) ?? '');
    for (const key of keys) decided.set(key, path);
    return earlier === undefined ? unknown : [...unknown, problem(path, `${printPath(earlier)} decides before this rule`)];
  });
};

/** Identifiers and URLs that stand twice, references to nothing. */
export const referenceProblems = (document: unknown): readonly NetworkFileProblem[] => {
  const sites = idsOf(document, 'sites');
  const hosts = idsOf(document, 'hosts');
  const categories = idsOf(document, 'categories');
  const siteNames = names(sites);
  const categoryNames = names(categories);
  const carriages = carriagesOf(document);
  return [
    ...[sites, hosts, categories].flatMap((ids) => duplicates(ids, 'this id')),
    ...list(field(document, 'hosts')).flatMap((host, at) =>
      unknownName(field(host, 'site'), siteNames, 'site', ['hosts', at, 'site']),
    ),
    ...carriages.flatMap(({ carriage, path }) =>
      unknownName(field(carriage, 'category'), categoryNames, 'category', [...path, 'category']),
    ),
    ...duplicateCarriages(document),
    ...duplicateUrls(carriages),
    ...duplicateTops(document),
    ...aliasProblems(document),
    ...overrideProblems(document),
    ...drainProblems(document, categoryNames),
  ];
};
