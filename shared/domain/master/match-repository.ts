/**
 * Turns a directory's path into the repository it holds, by the ordered rules of its category: the first rule whose regular
 * expression fits the whole path decides, an `ignore` rule as much as a naming one. MirrorManager2 kept Fedora's rules in code
 * (`repomap.py`, keyed on category names) and its Rust scanner in a list of regular expressions; here they are data only, and a
 * directory that no rule fits is reported and never guessed at. A rule that yields an empty repository name fits nothing: rpm
 * clients also need an architecture, apt rules may leave it to the Release file.
 */
import type { RepositoryRule, RepositoryType } from '../inventory/inventory.ts';

export type RepositoryMatch =
  | {
      readonly kind: 'repository';
      readonly repo: string;
      /** `''` only for apt: every architecture that the Release file lists. */
      readonly arch: string;
      readonly type: RepositoryType;
      /** Directory that clients are sent to, relative to the category; `''` is the category's top. */
      readonly directory: string;
    }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'unmatched' };

interface CompiledRule {
  readonly rule: RepositoryRule;
  readonly pattern: RegExp;
}

/** Rules with their regular expressions compiled; made once per scan by `compileRules`. */
export type CompiledRules = readonly CompiledRule[];

/** Longer paths match no rule, which bounds the work of any regular expression; Linux allows 4,096 bytes. */
export const LONGEST_PATH = 4096;

const PLACEHOLDER = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** Throws SyntaxError on a malformed `match`; rules that came through the network file are well-formed. */
export const compileRules = (rules: readonly RepositoryRule[]): CompiledRules =>
  rules.map((rule) => ({ rule, pattern: new RegExp(`^(?:${rule.match})$`, 'u') }));

/** Names that a template uses, in order, with repetitions. */
export const templateGroups = (template: string): readonly string[] =>
  [...template.matchAll(PLACEHOLDER)].map((found) => found[1] ?? '');

/** A group that took no part in the match is the empty text. */
const fill = (template: string, groups: Readonly<Record<string, string | undefined>>): string =>
  template.replace(PLACEHOLDER, (_, name: string) => groups[name] ?? '');

/** apt appends `dists/SUITE` itself, so its clients are sent to the directory that holds `dists`. */
const clientDirectory = (type: RepositoryType, path: string): string =>
  type === 'apt' ? path.replace(/(?:^|\/)dists(?:\/.*)?$/u, '') : path;

const applyRule = (rule: RepositoryRule, path: string, groups: Readonly<Record<string, string | undefined>>): RepositoryMatch => {
  if (rule.kind === 'ignore') return { kind: 'ignored' };
  const repo = fill(rule.repo, groups);
  const arch = fill(rule.arch, groups);
  if (repo === '' || (arch === '' && rule.type !== 'apt')) return { kind: 'unmatched' };
  const directory = rule.directory === undefined ? clientDirectory(rule.type, path) : fill(rule.directory, groups);
  return { kind: 'repository', repo, arch, type: rule.type, directory };
};

/** `directory` is relative to the category, without leading or trailing slash. */
export const matchRepository = (rules: CompiledRules, directory: string): RepositoryMatch => {
  if (directory.length > LONGEST_PATH) return { kind: 'unmatched' };
  for (const { rule, pattern } of rules) {
    const found = pattern.exec(directory);
    if (found !== null) return applyRule(rule, directory, found.groups ?? {});
  }
  return { kind: 'unmatched' };
};
