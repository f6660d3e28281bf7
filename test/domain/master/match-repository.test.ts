// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${name} is the templates of repository rules
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RepositoryRule } from '#domain/inventory/inventory.ts';
import { compileRules, LONGEST_PATH, matchRepository, templateGroups } from '#domain/master/match-repository.ts';

const rpm = (match: string, repo: string, arch: string): RepositoryRule => ({
  kind: 'repository',
  match,
  type: 'rpm',
  repo,
  arch,
  directory: undefined,
});

const RULES = compileRules([
  { kind: 'ignore', match: 'releases/test/.*' },
  rpm('releases/(?<version>\\d+)/(?<arch>[^/]+)/os', 'fedora-${version}', '${arch}'),
  rpm('releases/(?<version>\\d+)/(?<part>debug)?/(?<arch>[^/]+)?', '${part}', '${arch}'),
  { kind: 'repository', match: 'dists/(?<suite>[^/]+)', type: 'apt', repo: 'debian-${suite}', arch: '', directory: '' },
]);

describe('matchRepository', () => {
  test.each([
    [
      'releases/41/x86_64/os',
      { kind: 'repository', repo: 'fedora-41', arch: 'x86_64', type: 'rpm', directory: 'releases/41/x86_64/os' },
    ],
    ['releases/test/41/x86_64/os', { kind: 'ignored' }],
    ['dists/bookworm', { kind: 'repository', repo: 'debian-bookworm', arch: '', type: 'apt', directory: '' }],
    ['dists/bookworm/main', { kind: 'unmatched' }],
    ['x/dists/bookworm', { kind: 'unmatched' }],
    ['', { kind: 'unmatched' }],
  ])('%s becomes %j', (path, expected) => {
    expect(matchRepository(RULES, path)).toEqual(expected);
  });

  test('a rule that yields no repository name, or no architecture for rpm, names nothing', () => {
    expect(matchRepository(RULES, 'releases/41//x86_64')).toEqual({ kind: 'unmatched' });
    expect(matchRepository(RULES, 'releases/41/debug/')).toEqual({ kind: 'unmatched' });
  });

  test.each([
    ['dists/sid', ''],
    ['debian/dists/sid', 'debian'],
    ['debian/dists/sid/updates', 'debian'],
    ['flat', 'flat'],
  ])('without a directory in the rule, apt clients of %s are sent to "%s", which holds dists', (path, directory) => {
    const rules = compileRules([{ kind: 'repository', match: '.*', type: 'apt', repo: 'r', arch: '', directory: undefined }]);
    expect(matchRepository(rules, path)).toEqual({ kind: 'repository', repo: 'r', arch: '', type: 'apt', directory });
  });

  test('a path longer than any file system allows matches no rule', () => {
    const rules = compileRules([{ kind: 'ignore', match: '.*' }]);
    expect(matchRepository(rules, 'a'.repeat(LONGEST_PATH))).toEqual({ kind: 'ignored' });
    expect(matchRepository(rules, 'a'.repeat(LONGEST_PATH + 1))).toEqual({ kind: 'unmatched' });
  });

  test('an alternation in a rule is anchored as a whole', () => {
    expect(matchRepository(compileRules([{ kind: 'ignore', match: 'a|b' }]), 'ax')).toEqual({ kind: 'unmatched' });
  });

  test('a template names its groups in order', () => {
    expect(templateGroups('${a}-$b-${c_1}${a}')).toEqual(['a', 'c_1', 'a']);
  });

  test('text that a group captured is inserted as it is, dollar signs and braces included', () => {
    const rules = compileRules([rpm('(?<arch>.*)', 'r-${arch}', '${arch}')]);
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((text) => !/[\n\r\u2028\u2029]/.test(text)),
        (arch) => {
          expect(matchRepository(rules, arch)).toEqual({
            kind: 'repository',
            repo: `r-${arch}`,
            arch,
            type: 'rpm',
            directory: arch,
          });
        },
      ),
    );
  });

  test('only the first fitting rule counts, so rules after it change nothing', () => {
    const path = fc.constantFrom('releases/41/x86_64/os', 'releases/test/1', 'dists/sid', 'dists');
    const rule = fc.constantFrom<RepositoryRule>(
      { kind: 'ignore', match: 'dists.*' },
      rpm('.*', 'all', 'noarch'),
      rpm('dists', 'd', 'a'),
    );
    fc.assert(
      fc.property(path, fc.array(rule), fc.array(rule), (directory, before, after) => {
        const first = matchRepository(compileRules(before), directory);
        const all = matchRepository(compileRules([...before, ...after]), directory);
        expect(all).toEqual(first.kind === 'unmatched' ? matchRepository(compileRules(after), directory) : first);
      }),
    );
  });
});
