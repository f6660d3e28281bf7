import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distributionName } from '#domain/volume/python/distribution-name.ts';
import { normalName } from '#domain/volume/python/project-name.ts';
import { normalVersion, sameVersion } from '#domain/volume/python/python-version.ts';
import { runProgram } from '../../../support/run-program.ts';

/** What pip itself makes of each, by the library inside of it. */
const ORACLE = `
import json, sys
from pip._vendor.packaging.version import Version, InvalidVersion
from pip._vendor.packaging.utils import canonicalize_name, canonicalize_version
def version(text):
    try:
        return [str(Version(text)), canonicalize_version(Version(text))]
    except InvalidVersion:
        return None
plan = json.load(open(sys.argv[1]))
print(json.dumps({"versions": [version(text) for text in plan["versions"]], "names": [canonicalize_name(text) for text in plan["names"]]}))
`;

interface Answer {
  readonly versions: readonly ([string, string] | null)[];
  readonly names: readonly string[];
}
const askPip = async (plan: { versions: readonly string[]; names: readonly string[] }): Promise<Answer> => {
  const folder = await mkdtemp(join(tmpdir(), 'mirrortide-pip-'));
  try {
    await writeFile(join(folder, 'plan.json'), JSON.stringify(plan));
    const { stdout, stderr } = await runProgram('python3', ['-c', ORACLE, join(folder, 'plan.json')]);
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as Answer;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const number = fc.constantFrom('0', '1', '01', '10', '2024', '');
const separator = fc.constantFrom('', '.', '-', '_');
const word = (...words: string[]) =>
  fc.tuple(separator, fc.constantFrom(...words), separator, number).map((parts) => parts.join(''));
const optional = (part: fc.Arbitrary<string>) => fc.oneof(fc.constant(''), part);
/** Most of these are versions, and many are nearly. */
const versions = fc
  .tuple(
    fc.constantFrom('', '', 'v', 'V', ' '),
    fc.constantFrom('', '', '1!', '0!', '01!', '!'),
    fc.array(number, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.')),
    optional(word('a', 'alpha', 'b', 'beta', 'c', 'rc', 'RC', 'pre', 'preview')),
    optional(fc.oneof(word('post', 'rev', 'r'), fc.constantFrom('-1', '-01', '-', '_1'))),
    optional(word('dev', 'DEV')),
    optional(fc.constantFrom('+local', '+Ubuntu.01', '+a-b_c', '+', '+a..b')),
  )
  .map((parts) => parts.join(''));
const names = fc.string({ unit: fc.constantFrom('a', 'B', '7', '-', '_', '.'), minLength: 1, maxLength: 12 });

describe('names and versions of Python projects', () => {
  it('are what pip makes of them', async () => {
    const plan = { versions: fc.sample(versions, 3_000), names: fc.sample(names, 500) };
    const answer = await askPip(plan);
    expect(answer.versions.filter((found) => found !== null).length).toBeGreaterThan(500);
    expect(plan.versions.map((text) => [text, normalVersion(text)])).toEqual(
      plan.versions.map((text, place) => [text, answer.versions[place]?.[0]]),
    );
    expect(plan.names.map(normalName)).toEqual(answer.names);
    // Equal are those that pip takes for equal, in pairs of neighbours and of every one with its own normal forms.
    const known = plan.versions.flatMap((text, place) => {
      const forms = answer.versions[place];
      return forms === null || forms === undefined ? [] : [{ text, forms }];
    });
    for (const [place, { text, forms }] of known.entries()) {
      for (const form of forms) expect([text, form, sameVersion(text, form)]).toEqual([text, form, true]);
      const other = known[place + 1];
      if (other !== undefined) expect(sameVersion(text, other.text)).toBe(forms[1] === other.forms[1]);
    }
  });

  it('never throw, whatever a file is named', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `${text}.whl`),
          fc.string().map((text) => `${text}.tar.gz`),
        ),
        (name) => {
          expect(['wheel', 'source', 'bad']).toContain(distributionName(name).kind);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('are read from the names of files', () => {
    expect(distributionName('hat_stand-1.0.post1-2a-py2.py3-none-any.whl')).toEqual({
      kind: 'wheel',
      project: 'hat_stand',
      version: '1.0.post1',
      build: '2a',
      tags: ['py2-none-any', 'py3-none-any'],
    });
    expect(distributionName('hat-stand-1.0.tar.gz')).toEqual({ kind: 'source', project: 'hat-stand', version: '1.0' });
  });
});
