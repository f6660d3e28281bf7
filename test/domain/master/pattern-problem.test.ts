import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LONGEST_PATTERN, patternGroups, patternProblem } from '#domain/master/pattern-problem.ts';

describe('patternProblem', () => {
  test.each(
    [
      'releases/(?<version>\\d+)/Everything/(?<arch>[^/]+)/os',
      '(?:.*/)?\\.~tmp~(?:/.*)?',
      '(?<version>\\d+(?:\\.\\d+)?)/(?:Everything/)?(?<arch>[^/]+)',
      'a{2,3}(?:bc){4}',
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
    ['.*a.*b.*', '`.` is repeated more than 2 times; name what stands there, `[^/]+` for instance'],
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

  test('names the groups, in order, and no escaped or class text', () => {
    expect(patternGroups('(?<a>x)\\(?<b>[(?<c>](?:(?<d_1>y))')).toEqual(['a', 'd_1']);
  });
});
