import { describe, expect, test } from 'vitest';
import type { Facts } from '#domain/crawl/observation.ts';
import { type Verification, verify } from '#domain/drain/verify.ts';
import { coverageOf } from '#domain/freshness/coverage.ts';
import { aCarriage, aChangedManifest, aHead, aManifest } from '../../support/a-network.ts';

const ALPHA = 'alpha/os/repodata/repomd.xml';
const BETA = 'beta/os/repodata/repomd.xml';
const digest = (state: string) => ({ kind: 'digest' as const, sha256: aHead(state).hashes.sha256 });
const facts = (heads: Facts['heads'], excluded: readonly number[] = []): Facts => ({ category: 'linux', heads, excluded });
const WHOLE = facts({ [ALPHA]: digest('alpha-1'), [BETA]: digest('beta-1') });
const evidence = { atMs: 1, url: 'http://h/', text: 'connection refused' };

const judged = (changed: Partial<Verification> = {}) =>
  verify({
    carriage: aCarriage('h'),
    coverage: coverageOf(aManifest()),
    report: { protocols: [{ protocol: 'http', kind: 'ok', evidence }], compares: true, answered: true },
    facts: WHOLE,
    baseline: { generation: 1, facts: WHOLE },
    ...changed,
  });

const report = (kind: 'ok' | 'failed' | 'unknown', changed: Partial<Verification['report']> = {}): Verification['report'] => ({
  protocols: [{ protocol: 'http', kind, evidence }],
  compares: kind === 'ok',
  answered: kind === 'ok',
  ...changed,
});

describe('a host that synchronised', () => {
  test('passes when it holds what it held', () => {
    expect(judged()).toEqual({ kind: 'passed' });
    expect(judged({ baseline: undefined })).toEqual({ kind: 'passed' });
  });

  test('passes with what the master has now, or had', () => {
    const coverage = coverageOf(aChangedManifest());
    const updated = facts({ ...WHOLE.heads, [ALPHA]: digest('alpha-2') });
    expect(judged({ coverage, facts: updated })).toEqual({ kind: 'passed' });
    expect(judged({ coverage, facts: facts(WHOLE.heads, [2, 3]) })).toEqual({ kind: 'passed' });
  });

  test('passes with an old head that it had before, for nothing became worse', () => {
    const old = facts({ ...WHOLE.heads, [BETA]: digest('beta-0') });
    expect(judged({ facts: old, baseline: { generation: 1, facts: old } })).toEqual({ kind: 'passed' });
  });

  test.each<[string, Facts, string]>([
    ['lost a head', facts({ ...WHOLE.heads, [BETA]: { kind: 'absent' } }), `${BETA} is gone`],
    ['has a head of which nothing is known any more', facts({ [ALPHA]: digest('alpha-1') }), `${BETA} is unread`],
    [
      'has a head that the master never had',
      facts({ ...WHOLE.heads, [BETA]: digest('x') }),
      `${BETA} is none that the master had`,
    ],
    ['lost files of a directory', facts(WHOLE.heads, [7]), 'iso no longer holds what it held'],
    [
      'holds nothing',
      facts({ [ALPHA]: { kind: 'absent' }, [BETA]: { kind: 'absent' } }, [7, 8]),
      'nothing of the category is there',
    ],
  ])('is held when it %s', (_, now, reason) => {
    expect(judged({ facts: now })).toEqual({ kind: 'failed', reason });
  });

  test('is held when nothing answers, and not judged when it asked for patience or too little was learned', () => {
    expect(judged({ report: report('failed') })).toEqual({
      kind: 'failed',
      reason: 'no protocol works; http: connection refused',
    });
    expect(judged({ report: report('unknown') })).toEqual({ kind: 'undecided' });
    expect(judged({ report: report('ok', { answered: false }) })).toEqual({ kind: 'undecided' });
    expect(judged({ report: report('ok', { compares: false }) })).toEqual({ kind: 'undecided' });
  });

  test('needs only to answer where its content is declared current', () => {
    const carriage = aCarriage('h', { alwaysCurrent: true });
    expect(judged({ carriage, report: report('ok', { compares: false }), facts: undefined })).toEqual({ kind: 'passed' });
    expect(judged({ carriage, report: report('failed'), facts: undefined }).kind).toBe('failed');
  });
});
