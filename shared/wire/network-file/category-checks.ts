// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${name} is how the templates of repository rules are written
import { templateGroups } from '#domain/master/match-repository.ts';
import { patternGroups, patternProblem } from '#domain/master/pattern-problem.ts';
import { suggestion } from './near-name.ts';
import { type NetworkFileProblem, type ProblemPath, problem } from './problem.ts';
import { field, isMapping, list, text } from './raw.ts';
import { parseTreeUrl } from './url.ts';

const TEMPLATE_KEYS = ['repo', 'arch', 'directory'] as const;
const KINDS = ['directory', 'rsync', 'fullfiletimelist', 'url'] as const;

const templateProblems = (rule: unknown, path: ProblemPath, groups: readonly string[]): readonly NetworkFileProblem[] =>
  TEMPLATE_KEYS.flatMap((key) => {
    const template = text(field(rule, key)) ?? '';
    const missing = [...new Set(templateGroups(template))].filter((name) => !groups.includes(name));
    const unread = template.replace(/\$\{[A-Za-z_]\w*\}/g, '').includes('$');
    return [
      ...missing.map((name) => problem([...path, key], `\`match\` has no group \`${name}\`${suggestion(name, groups)}`)),
      ...(unread ? [problem([...path, key], 'a `$` that is not `${group}`')] : []),
    ];
  });

const matchRuleProblems = (rule: Readonly<Record<string, unknown>>, path: ProblemPath): readonly NetworkFileProblem[] => {
  const match = text(rule['match']);
  // A malformed expression is reported by itself; what its groups would be is not known.
  if (match === undefined || patternProblem(match) !== undefined) return [];
  const groups = patternGroups(match);
  const type = rule['type'] ?? 'rpm';
  const needsArch =
    (rule['arch'] === undefined && type === 'rpm' && !groups.includes('arch')) || (rule['arch'] === '' && type !== 'apt');
  return [
    ...(rule['repo'] === undefined ? [problem(path, 'the key `repo` is missing')] : []),
    ...(rule['repo'] === '' ? [problem([...path, 'repo'], 'must not be empty')] : []),
    ...(needsArch ? [problem(path, `this rule needs \`arch\`${type === 'rpm' ? ', or a group `arch` in `match`' : ''}`)] : []),
    ...templateProblems(rule, path, groups),
  ];
};

const ruleProblems = (rule: unknown, path: ProblemPath): readonly NetworkFileProblem[] => {
  if (!isMapping(rule)) return [];
  if (rule['ignore'] === undefined && rule['match'] === undefined) return [problem(path, 'a rule needs `ignore` or `match`')];
  if (rule['ignore'] === undefined) return matchRuleProblems(rule, path);
  const others = ['match', 'type', ...TEMPLATE_KEYS].filter((key) => rule[key] !== undefined);
  return others.map((key) => problem([...path, key], 'does not go with `ignore`', 'key'));
};

/** Which keys go with which kind of master; the first is the kind itself. */
const COMPANIONS: Readonly<Record<(typeof KINDS)[number], readonly string[]>> = {
  directory: [],
  rsync: ['heads'],
  fullfiletimelist: ['heads', 'stripPrefix'],
  url: ['repositories'],
};

const masterMappingProblems = (master: Readonly<Record<string, unknown>>, path: ProblemPath): readonly NetworkFileProblem[] => {
  const kinds = KINDS.filter((key) => master[key] !== undefined);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    return [problem(path, `a master needs exactly one of ${KINDS.map((key) => `\`${key}\``).join(', ')}`)];
  }
  const stray = ['heads', 'stripPrefix', 'repositories'].filter(
    (key) => master[key] !== undefined && !COMPANIONS[kind].includes(key),
  );
  const missing =
    (kind === 'rsync' && master['heads'] === undefined && 'heads') ||
    (kind === 'url' && master['repositories'] === undefined && 'repositories');
  return [
    ...stray.map((key) => problem([...path, key], `does not go with \`${kind}\``, 'key')),
    ...(missing === false ? [] : [problem(path, `with \`${kind}\` the key \`${missing}\` is needed`)]),
  ];
};

const RSYNC_FORM = 'needs the long form: `rsync:` with this URL, and `heads:` with an http or https URL of the same tree';
const HEADS_FORM =
  'needs the long form: `url:` with this URL, and `repositories:` with their directories, since a web server cannot be listed';

const masterTextProblems = (master: string, path: ProblemPath): readonly NetworkFileProblem[] => {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(master)?.[1]?.toLowerCase();
  if (scheme === undefined) return [];
  const parsed = parseTreeUrl(master, ['http', 'https', 'rsync']);
  if ('wrong' in parsed) return [problem(path, parsed.wrong)];
  if (scheme === 'rsync') return [problem(path, RSYNC_FORM)];
  return isFileList(parsed.value.path) ? [] : [problem(path, HEADS_FORM)];
};

/** quick-fedora-mirror names its lists `fullfiletimelist-MODULE`. */
export const isFileList = (path: string): boolean => /\/fullfiletimelist-[^/]+$/.test(path);

/** Rules between the keys of a category: its master's form, its repository rules' templates. */
export const categoryProblems = (document: unknown): readonly NetworkFileProblem[] =>
  list(field(document, 'categories')).flatMap((category, at) => {
    const master = field(category, 'master');
    const path = ['categories', at, 'master'];
    return [
      ...(isMapping(master) ? masterMappingProblems(master, path) : masterTextProblems(text(master) ?? '', path)),
      ...list(field(category, 'rules')).flatMap((rule, index) => ruleProblems(rule, ['categories', at, 'rules', index])),
    ];
  });
