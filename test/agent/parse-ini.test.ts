import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigProblem } from '../../agent/update/config/config-problem.ts';
import { parseEnvFile } from '../../agent/update/config/parse-env-file.ts';
import { parseIni } from '../../agent/update/config/parse-ini.ts';

const plain = (text: string): unknown =>
  Object.fromEntries([...parseIni(text)].map(([name, section]) => [name, Object.fromEntries(section)]));

/** Whatever it throws is for the person who wrote the file. */
const throwsOnlyProblems = (act: () => unknown): boolean => {
  try {
    act();
    return true;
  } catch (error) {
    return error instanceof ConfigProblem && error.message !== '';
  }
};

const iniLike = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '[main]',
        '[DEFAULT]',
        '[',
        ']',
        '[]',
        '[a]b',
        '',
        '  ',
        '#',
        '; c',
        '=',
        ':',
        'a',
        'a=b',
        '  more',
        '%',
        '%%',
        '\t',
      ),
      fc.constantFrom('a = %(b)s', 'b = %(a)s', 'c = %(c)s', 'd: %(nothing)s', 'e = %(', '__proto__ = 1', 'constructor: 2'),
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc
        .tuple(fc.string({ maxLength: 6 }), fc.constantFrom('=', ' : '), fc.string({ maxLength: 12 }))
        .map((parts) => parts.join('')),
    ),
    { maxLength: 30 },
  )
  .chain((lines) => fc.constantFrom('\n', '\r\n', '\r').map((end) => lines.join(end)));

describe('an INI file', () => {
  it('is read as configparser reads it', () => {
    const text = `\uFEFF# a comment
[DEFAULT]
base = /etc/agent

[main]
Log=/var/log/x.log
  ; an indented comment
needs_update.d : %(BASE)s/needs_update.d/
empty =
two = one
   two

   three
percent = 100%%
url = http://a:1/b=c # not a comment
[Other]
base = here
`;
    expect(plain(text)).toEqual({
      main: {
        base: '/etc/agent',
        log: '/var/log/x.log',
        'needs_update.d': '/etc/agent/needs_update.d/',
        empty: '',
        two: 'one\ntwo\n\nthree',
        percent: '100%',
        url: 'http://a:1/b=c # not a comment',
      },
      Other: { base: 'here' },
    });
  });

  it.each([
    ['a = 1', 'line 1: a [section] must come first'],
    ['[a]\nb = 1\nB = 2', 'line 3: "b" comes twice'],
    ['[a]\n[a]', 'line 2: section [a] comes twice'],
    ['[a]\nword', 'line 2: neither "key = value" nor "[section]"'],
    ['[a]\nb = 5%', '[a] b: write %% for a percent sign'],
    ['[a]\nb = %(c)s', '[a] b: %(c)s names no key of this section'],
    ['[a]\nb = %(c)s\nc = %(b)s', '[a] b: %(...)s refers to itself, or is nested too deeply'],
    ['[a]\nb = \0', 'the file holds a NUL character: it is not text'],
  ])('%j is refused with the reason', (text, reason) => {
    expect(() => parseIni(text)).toThrow(new ConfigProblem(reason));
  });

  it('does not grow without end through its own references', () => {
    const keys = Array.from({ length: 12 }, (_, index) => `k${index} = ${`%(k${index + 1})s`.repeat(20)}`);
    expect(() => parseIni(`[a]\n${keys.slice(0, 9).join('\n')}\nk9 = ${'x'.repeat(60_000)}`)).toThrow(ConfigProblem);
  });

  it('throws nothing but a ConfigProblem, whatever it holds', () => {
    fc.assert(
      fc.property(iniLike, (text) => throwsOnlyProblems(() => parseIni(text))),
      { numRuns: 20_000 },
    );
  });

  it('gives back every plain key and value', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9_.]{0,10}$/);
    const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/).map((text) => text.replaceAll('%', ''));
    fc.assert(
      fc.property(
        fc.dictionary(word, fc.dictionary(word, value, { noNullPrototype: true }), { noNullPrototype: true }),
        (sections) => {
          const text = Object.entries(sections).map(
            ([name, keys]) =>
              `[${name}]\n${Object.entries(keys)
                .map(([key, text]) => `${key} = ${text}\n`)
                .join('')}`,
          );
          const trimmed = Object.fromEntries(
            Object.entries(sections).map(([name, keys]) => [
              name,
              Object.fromEntries(Object.entries(keys).map(([key, text]) => [key, text.trim()])),
            ]),
          );
          expect(plain(text.join('\n'))).toEqual(trimmed);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('an .env file', () => {
  it('is read with quotes, comments and export, keys in any case', () => {
    const text = `# comment\nMAIN_API_ENDPOINT="http://a/#b"\nexport main_wait = true # why\nempty=\nmain_api_secret='a"b'\n`;
    expect(Object.fromEntries(parseEnvFile(text))).toEqual({
      main_api_endpoint: 'http://a/#b',
      main_wait: 'true',
      empty: '',
      main_api_secret: 'a"b',
    });
  });

  it('throws nothing but a ConfigProblem, whatever it holds', () => {
    fc.assert(
      fc.property(iniLike, (text) => throwsOnlyProblems(() => parseEnvFile(text))),
      { numRuns: 5_000 },
    );
  });
});
