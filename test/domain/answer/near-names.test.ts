import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearNames, nearPaths } from '#domain/answer/near-names.ts';
import { anyDocument, sketchNetwork, viewOf } from '../../support/snapshot-document.ts';

/** The definition, word for word. */
const plainDistance = (a: string, b: string): number => {
  if (a === '' || b === '') return a.length + b.length;
  const [restA, restB] = [a.slice(1), b.slice(1)];
  return a[0] === b[0]
    ? plainDistance(restA, restB)
    : 1 + Math.min(plainDistance(restA, b), plainDistance(a, restB), plainDistance(restA, restB));
};

describe('near names', () => {
  it('are as far as their edit distance, up to a limit', () => {
    const word = fc.stringMatching(/^[ab]{0,5}$/);
    fc.assert(
      fc.property(word, word, fc.integer({ min: 1, max: 6 }), (a, b, limit) => {
        expect(editDistance(a, b, limit)).toBe(Math.min(limit, plainDistance(a, b)));
      }),
    );
  });

  it('are the nearest first, then those that go on from what was asked', () => {
    const names = ['epel-9', 'fedora-41', 'fedora-42', 'fedora-41-updates-testing-debug', 'Fedora-4'];
    expect(nearNames('fedora-4', names)).toEqual(['Fedora-4', 'fedora-41', 'fedora-42', 'fedora-41-updates-testing-debug']);
    expect(nearNames('zzzzzzzz', names)).toEqual([]);
  });

  it('of paths are found behind siblings that sort between a directory and what is below it', () => {
    const paths = ['a', 'a/xab', 'a/xab-1', 'a/xab.1', 'a/xab/y', 'a/xab/y/z', 'a/xac', 'b'];
    const document = sketchNetwork({ hosts: [] });
    const view = viewOf({ ...document, directories: paths.map((path) => ({ path, category: 0, standings: 0 })) });
    expect(nearPaths(view, 'a/xab-2/deeper')).toEqual(['path=a/xab-1', 'path=a/xab', 'path=a/xab.1', 'path=a']);
  });

  it('of paths are all published, whatever was asked', () => {
    fc.assert(
      fc.property(anyDocument, fc.string(), fc.nat(7), (document, text, pick) => {
        const view = viewOf(document);
        const start = document.directories[pick]?.path ?? '';
        for (const near of nearPaths(view, `${start}/${text}`)) {
          const path = near.slice('path='.length);
          expect(document.directories.some((one) => one.path === path || one.path.startsWith(`${path}/`))).toBe(true);
        }
      }),
    );
  });
});
