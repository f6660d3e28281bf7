import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeUpstream, LEFT_TO_UPSTREAM_BYTES, type UpstreamSeen } from '#domain/content/judge-upstream.ts';
import { servedBytes, troubleRetryS, troubleStatus } from '#domain/content/proxy-answer.ts';
import {
  BYTES_KEPT_MS,
  decideProxy,
  type KeptCopy,
  type KeptFile,
  needsRenewal,
  troubleUntil,
} from '#domain/content/proxy-copy.ts';

const SHA = 'ab'.repeat(32);
const URL = 'https://upstream.example/a.html';
const DAY = 86_400_000;
const TIMES = { freshMs: 600_000, staleMs: 7 * DAY };
const NOW = 1_000_000_000_000;

const file: KeptFile = {
  kind: 'file',
  sha256: SHA,
  sizeBytes: 10,
  contentType: 'text/html',
  etag: '"1"',
  lastModified: undefined,
  isSure: true,
  storedMs: NOW,
  url: URL,
};
const copy = (more: Partial<KeptCopy> = {}): KeptCopy => ({ known: file, checkedMs: NOW, trouble: undefined, ...more });
const served = (isStale: boolean, known: KeptCopy['known'] = file) => ({ kind: 'serve', known, checkedMs: NOW, isStale });
const at = (ms: number, what: KeptCopy | undefined = copy(), isImmutable = false) =>
  decideProxy(what, TIMES, isImmutable, NOW + ms);

describe('what is kept of a URL', () => {
  test('is served while it is fresh, then asked about, then of no use when upstream is silent', () => {
    expect(decideProxy(undefined, TIMES, true, NOW)).toEqual({ kind: 'ask', known: undefined, stale: undefined });
    expect(at(599_999)).toEqual(served(false));
    expect(at(600_000)).toEqual({ kind: 'ask', known: file, stale: served(true) });
    expect(at(600_000 + 7 * DAY - 1)).toEqual({ kind: 'ask', known: file, stale: served(true) });
    expect(at(600_000 + 7 * DAY)).toEqual({ kind: 'ask', known: file, stale: undefined });
  });

  test('is served for as long as its bytes are here when it never changes', () => {
    expect(at(BYTES_KEPT_MS - 1, copy(), true)).toEqual(served(false));
    expect(at(BYTES_KEPT_MS, copy(), true)).toEqual({ kind: 'ask', known: undefined, stale: undefined });
    expect(at(600_000, copy({ known: { ...file, isSure: false } }), true)).toMatchObject({ kind: 'ask' });
    expect(at(BYTES_KEPT_MS)).toEqual({ kind: 'ask', known: undefined, stale: undefined });
  });

  test('is served stale, or not at all, for as long as upstream is left alone', () => {
    const trouble = { kind: 'timeout' as const, reason: 'silent', untilMs: NOW + 700_000 };
    expect(at(699_999, copy({ trouble }))).toEqual(served(true));
    expect(at(700_000, copy({ trouble }))).toEqual({ kind: 'ask', known: file, stale: served(true) });
    expect(at(1, copy({ trouble }))).toEqual(served(false));
    expect(at(699_999, copy({ trouble, known: undefined }))).toEqual({ kind: 'fail', trouble });
    expect(at(700_000, copy({ trouble, known: undefined }))).toEqual({ kind: 'ask', known: undefined, stale: undefined });
  });

  test.each([
    ['absent', 10_000, 10_000],
    ['large', 3_600_000, 3_600_000],
    ['directory', 600_000, 600_000],
  ] as const)('is believed to be %s for a while, whatever its class', (kind, changingMs, immutableMs) => {
    for (const [isImmutable, ms] of [
      [false, changingMs],
      [true, immutableMs],
    ] as const) {
      expect(at(ms - 1, copy({ known: { kind } }), isImmutable)).toEqual(served(false, { kind }));
      expect(at(ms, copy({ known: { kind } }), isImmutable)).toEqual({ kind: 'ask', known: undefined, stale: undefined });
    }
  });

  test('is asked about again after seconds, or when upstream wants to be', () => {
    expect([troubleUntil(NOW), troubleUntil(NOW, 60_000), troubleUntil(NOW, DAY)].map((ms) => ms - NOW)).toEqual([
      10_000, 60_000, 300_000,
    ]);
  });

  test('is stored again long before its bytes go', () => {
    expect([0, 14 * DAY - 1, 14 * DAY].map((ms) => needsRenewal(file, NOW + ms))).toEqual([false, false, true]);
    // Whoever was sent to the bytes by a redirect that caches keep for a day finds them.
    expect(BYTES_KEPT_MS).toBeGreaterThan(15 * DAY);
  });
});

describe('an answer of upstream', () => {
  const judge = (seen: UpstreamSeen, receivedBytes = 10, known: KeptFile | undefined = undefined) =>
    judgeUpstream({ url: URL, known }, seen, receivedBytes);
  const answered = (status: number, headers: Readonly<Record<string, string>> = {}, url = URL): UpstreamSeen => ({
    kind: 'answered',
    status,
    headers,
    url,
  });
  const failed = (failure: string): UpstreamSeen => ({ kind: 'failed', failure, reason: 'so' });
  const trouble = (reason: string, kind = 'failure') => ({ kind: 'trouble', trouble: { kind, reason } });

  test('is a file with what it says of it, when that is well formed', () => {
    const said = {
      'content-length': '10',
      'content-type': 'Text/Plain; charset=UTF-8',
      etag: 'W/"a"',
      'last-modified': 'Sat, 21 Nov 2026 01:55:42 GMT',
    };
    expect(judge(answered(200, said, 'https://other.example/b'))).toEqual({
      kind: 'bytes',
      contentType: 'Text/Plain; charset=UTF-8',
      etag: 'W/"a"',
      lastModified: 'Sat, 21 Nov 2026 01:55:42 GMT',
      isSure: true,
      url: 'https://other.example/b',
    });
    const unsaid = { etag: undefined, lastModified: undefined, isSure: false };
    const bare = { kind: 'bytes', contentType: 'text/html; charset=utf-8', ...unsaid, url: URL };
    expect(judge(answered(200, { 'transfer-encoding': 'chunked' }))).toMatchObject({ isSure: true });
    const page = answered(200, { 'content-length': '10', 'content-type': 'text/html' });
    const sure = ['a.html', 'a.deb', 'by-hash/SHA256/00'].map((path) =>
      judgeUpstream({ url: `https://upstream.example/${path}`, known: undefined }, page, 10),
    );
    expect(sure).toMatchObject([{ isSure: true }, { isSure: false }, { isSure: false }]);
    const broken = { 'content-type': 'text/html; x="<script>"', etag: 'unquoted', 'last-modified': 'yesterday' };
    expect([judge(answered(200)), judge(answered(200, broken))]).toEqual([bare, bare]);
  });

  test('is nothing to keep when it is not all there, or in a form that nobody asked for', () => {
    expect(judge(answered(200, { 'content-length': '11' }))).toEqual(trouble('10 bytes came, and 11 were announced'));
    expect(judge(answered(200, { 'content-encoding': 'br' }))).toEqual(trouble('it is coded as br, which nobody asked for'));
    const packed = { url: 'https://upstream.example/Packages.gz', known: undefined };
    expect(judgeUpstream(packed, answered(200, { 'content-encoding': 'x-gzip' }), 10)).toMatchObject({ kind: 'bytes' });
  });

  test('says that it is still the one that was asked about, to who asked', () => {
    expect(judge(answered(304), 0, file)).toEqual({ kind: 'same', known: file });
    expect(judge(answered(304), 0)).toEqual(trouble('HTTP 304'));
  });

  test.each([400, 401, 403, 404, 410, 451])('%i says that there is nothing', (status) =>
    expect(judge(answered(status))).toEqual({ kind: 'other', known: { kind: 'absent' } }),
  );

  test.each([404, 410, 451])('%i says that what was there is gone', (status) =>
    expect(judge(answered(status), 0, file)).toEqual({ kind: 'other', known: { kind: 'absent' } }),
  );

  test.each([400, 401, 403])('%i does not say that what was there is gone', (status) =>
    expect(judge(answered(status), 0, file)).toEqual(trouble(`HTTP ${status}`)),
  );

  test.each([204, 206, 300, 408, 425, 429, 500, 502, 503])('%i says nothing', (status) =>
    expect(judge(answered(status), 10, file)).toEqual(trouble(`HTTP ${status}`)),
  );

  test('is at the path with a slash', () =>
    expect(judge(answered(200, {}, `${URL}/`))).toEqual({ kind: 'other', known: { kind: 'directory' } }));

  test('that is no answer is trouble, or a file that cannot be had here', () => {
    expect(judge(failed('too-large'))).toEqual({ kind: 'other', known: { kind: 'large' } });
    expect(judge(failed('timeout'), LEFT_TO_UPSTREAM_BYTES - 1)).toEqual(trouble('timeout: so', 'timeout'));
    expect(judge(failed('timeout'), LEFT_TO_UPSTREAM_BYTES)).toEqual({ kind: 'other', known: { kind: 'large' } });
    for (const failure of ['refused', 'dns', 'connect', 'tls', 'redirects', 'protocol'])
      expect(judge(failed(failure), LEFT_TO_UPSTREAM_BYTES)).toEqual(trouble(`${failure}: so`));
    expect([troubleStatus({ kind: 'timeout' }), troubleStatus({ kind: 'failure' })]).toEqual([504, 502]);
    expect([troubleRetryS({ untilMs: 5_001 }, 0), troubleRetryS({ untilMs: 0 }, 9)]).toEqual(['6', '1']);
  });
});

describe('what caches are told', () => {
  const told = (ageMs: number, source: 'hit' | 'stale', isImmutable: boolean) => {
    const { caching, redirectCaching } = servedBytes(TIMES, file, 'a b', { checkedMs: NOW, source, isImmutable }, NOW + ageMs);
    return [caching, redirectCaching];
  };

  test.each([
    [0, 60],
    [560_000, 40],
    [599_500, 0],
    [999_000, 0],
  ])('of a copy %i ms old is that it is good for %i s', (ageMs, seconds) => {
    const text = `public, max-age=${seconds}, stale-if-error=86400`;
    expect(told(ageMs, 'hit', false)).toEqual([text, text]);
  });

  test('of what never changes is a year, of the way to it a day, of what is stale seconds', () => {
    expect(told(DAY, 'hit', true)).toEqual(['public, max-age=31536000, immutable', 'public, max-age=86400']);
    expect(new Set(told(DAY, 'stale', false))).toEqual(new Set(['public, max-age=5, stale-if-error=86400']));
  });

  test('is where the content is, by its hash', () => {
    const { location } = servedBytes(TIMES, file, 'a b#', { checkedMs: NOW, source: 'hit', isImmutable: true }, NOW);
    expect(location).toBe(`/_o/proxy/${SHA}/a%20b%23`);
  });
});

test('no copy is served as fresh that is older than its class allows, nor one whose bytes are gone', () => {
  const copies = fc.record({
    known: fc.oneof(
      fc.record({ storedMs: fc.integer({ min: NOW - 40 * DAY, max: NOW }) }).map((more): KeptFile => ({ ...file, ...more })),
      fc.constantFrom({ kind: 'absent' as const }, { kind: 'large' as const }, undefined),
    ),
    checkedMs: fc.integer({ min: NOW - 40 * DAY, max: NOW }),
    trouble: fc.option(
      fc.record({
        kind: fc.constant('failure' as const),
        reason: fc.constant(''),
        untilMs: fc.integer({ min: NOW - DAY, max: NOW + DAY }),
      }),
      { nil: undefined },
    ),
  });
  fc.assert(
    fc.property(copies, fc.boolean(), (what, isImmutable) => {
      const decision = decideProxy(what, TIMES, isImmutable, NOW);
      const shown = decision.kind === 'ask' ? decision.stale : decision;
      if (shown?.kind !== 'serve') return;
      const ageMs = NOW - what.checkedMs;
      if (shown.known.kind === 'file') expect(NOW - shown.known.storedMs).toBeLessThan(BYTES_KEPT_MS);
      if (shown.isStale) expect(ageMs).toBeLessThan(TIMES.freshMs + TIMES.staleMs);
      else if (shown.known.kind === 'file' && !isImmutable) expect(ageMs).toBeLessThan(TIMES.freshMs);
    }),
  );
});
