import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LONGEST_PATH } from '#domain/master/match-repository.ts';
import { LONGEST_PATTERN, patternGroups, patternProblem } from '#domain/master/pattern-problem.ts';

const COMPETE = 'repetitions compete for the same text; put something between them that the first cannot match, as in `[^/]+/.*`';

describe('patternProblem', () => {
  test.each(
    [
      'releases/(?<version>\\d+)/Everything/(?<arch>[^/]+)/os',
      '(?:.*/)?\\.~tmp~(?:/.*)?',
      '(?<version>\\d+(?:\\.\\d+)?)/(?:Everything/)?(?<arch>[^/]+)',
      'a{2,3}(?:bc){4}',
      '[^/]+/[^/]+/[^/]+/[^/]+/.*',
      '.*/a/.*',
      'a.*b|c.*d|e.*f',
      '(?:ab)*',
      'a*b*',
      '[+*(]+x',
      '\\(a+\\)b',
      'Archive-(?!x)[^/]+|y',
      '(?<=',
    ].slice(0, -1),
  )('%s is accepted', (pattern) => {
    expect(patternProblem(pattern)).toBeUndefined();
  });

  test.each([
    ['(', 'not a regular expression: Unterminated group'],
    ['(?<a>x)(?<a>y)', 'not a regular expression: Duplicate capture group name'],
    ['(a+)+', 'the group before `+` is repeated and holds a repetition or an alternative itself, which can take forever'],
    ['((?:a?))*', 'the group before `*` is repeated and holds a repetition or an alternative itself, which can take forever'],
    ['(a|a)*', 'the group before `*` is repeated and holds a repetition or an alternative itself, which can take forever'],
    [
      '(?:(?:x|y)z){2,}',
      'the group before `{2,}` is repeated and holds a repetition or an alternative itself, which can take forever',
    ],
    ['(a*){50}', 'the group before `{50}` is repeated and holds a repetition or an alternative itself, which can take forever'],
    ['\\d+\\d+', 'two unbounded repetitions stand side by side, which can take forever'],
    ['([^/]+)(\\w*)', 'two unbounded repetitions stand side by side, which can take forever'],
    ['.*a.*b.*', COMPETE],
    ['[^/]+a[^/]+a[^/]+', COMPETE],
    ['\\d+/?\\d+/?\\d+', COMPETE],
    ['(?:ab)*c(?:ab)*c(?:ab)*', COMPETE],
    ['a*b'.repeat(11), 'more than 10 unbounded repetitions'],
    ['(a)\\1', 'backreferences are not allowed'],
    ['(?<x>a)\\k<x>', 'backreferences are not allowed'],
    ['(?<=a)b', 'look-behind is not allowed'],
    ['(?<!a)b', 'look-behind is not allowed'],
    ['a'.repeat(LONGEST_PATTERN + 1), `longer than ${LONGEST_PATTERN} characters`],
  ])('%s is refused: %s', (pattern, reason) => {
    expect(patternProblem(pattern)).toBe(reason);
  });

  test('any text is judged, and what is accepted compiles', () => {
    const piece = fc.constantFrom(
      'a',
      '.',
      '*',
      '+',
      '?',
      '(',
      ')',
      '(?:',
      '(?<n>',
      '|',
      '[',
      ']',
      '{2,}',
      '\\d',
      '\\',
      '/',
      '^',
      '-',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((pieces) => pieces.join('')),
        ),
        (pattern) => {
          if (patternProblem(pattern) === undefined) expect(() => new RegExp(`^(?:${pattern})$`, 'u')).not.toThrow();
        },
      ),
    );
  });

  test('what is accepted ends soon on the longest path, however unlucky', () => {
    const atom = fc.constantFrom('.', '[^/]', 'a', '\\w', '(?:a)', '(?:ab)');
    const pieces = fc.array(fc.tuple(atom, fc.constantFrom('*', '+', '?', ''), fc.constantFrom('', 'a', '/', 'b?')), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(pieces, (all) => {
        const pattern = all.map((parts) => parts.join('')).join('');
        // Only an expression that needs more than the square would hang the run here.
        if (patternProblem(pattern) === undefined) new RegExp(`^(?:${pattern})$`, 'u').test(`${'a'.repeat(LONGEST_PATH - 1)}!`);
      }),
      { numRuns: 200 },
    );
  });

  test('names the groups, in order, and no escaped or class text', () => {
    expect(patternGroups('(?<a>x)\\(?<b>[(?<c>](?:(?<d_1>y))')).toEqual(['a', 'd_1']);
  });
});
