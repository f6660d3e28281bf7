import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProtocolHealth } from '#domain/crawl/observation.ts';
import { isServing, nextHealth, type ProbeOutcome } from '#domain/freshness/health.ts';

const APART = 30_000;
const MINUTE = 60_000;

const outcome = (kind: ProbeOutcome['kind'], atMs: number): ProbeOutcome => ({
  protocol: 'https',
  kind,
  evidence: { atMs, url: 'https://m.example.org/', text: kind === 'ok' ? 'HTTP 200' : 'HTTP 500' },
});

const healthAfter = (kinds: readonly ProbeOutcome['kind'][], stepMs = MINUTE): ProtocolHealth | undefined =>
  kinds.reduce<ProtocolHealth | undefined>(
    (health, kind, index) => nextHealth(health, outcome(kind, index * stepMs), APART),
    undefined,
  );

describe('health of a protocol', () => {
  it('stays ok at one failure and goes down at the second in a row', () => {
    expect(healthAfter(['ok', 'failed'])?.state).toBe('ok');
    expect(healthAfter(['ok', 'failed', 'failed'])?.state).toBe('down');
    expect(healthAfter(['ok', 'failed', 'ok', 'failed'])?.state).toBe('ok');
  });

  it('counts failures at the same moment once', () => {
    expect(healthAfter(['ok', 'failed', 'failed', 'failed'], 10_000)?.state).toBe('ok');
    expect(healthAfter(['ok', 'failed', 'failed', 'failed', 'failed'], 10_000)?.state).toBe('down');
  });

  it('comes up again at one success', () => {
    expect(healthAfter(['failed', 'failed', 'failed', 'ok'])?.state).toBe('ok');
  });

  it('is unknown, and not served, until it was seen to work', () => {
    const health = healthAfter(['failed']);
    expect(health?.state).toBe('unknown');
    expect(health !== undefined && isServing(health, Number.POSITIVE_INFINITY, 0)).toBe(false);
  });

  it('is not served when its last success is too old', () => {
    const health = healthAfter(['ok', 'unknown', 'unknown']);
    expect(health !== undefined && isServing(health, MINUTE, MINUTE)).toBe(true);
    expect(health !== undefined && isServing(health, MINUTE, MINUTE + 1)).toBe(false);
  });

  it('keeps the time since when the same thing is seen', () => {
    expect(healthAfter(['ok', 'ok', 'ok'])?.evidence.atMs).toBe(0);
    expect(healthAfter(['ok', 'failed', 'failed', 'failed'])?.evidence.atMs).toBe(MINUTE);
  });

  const kinds = fc.array(fc.constantFrom('ok' as const, 'failed' as const, 'unknown' as const), { minLength: 1, maxLength: 30 });

  it('follows the last two things learned, whatever came before', () => {
    fc.assert(
      fc.property(kinds, (history) => {
        const learned = history.filter((kind) => kind !== 'unknown');
        const state = healthAfter(history.filter((kind, index) => !(index === 0 && kind === 'unknown')))?.state;
        const last = learned.at(-1);
        if (last === undefined || history[0] === 'unknown') return;
        if (last === 'ok') expect(state).toBe('ok');
        else if (learned.at(-2) === 'failed') expect(state).toBe('down');
        else expect(state).not.toBe('down');
      }),
    );
  });

  it('learns nothing from an outcome that is unknown', () => {
    fc.assert(
      fc.property(kinds, (history) => {
        const health = healthAfter(['ok', ...history]);
        expect(nextHealth(health, outcome('unknown', 10 ** 9), APART)).toEqual(health);
      }),
    );
  });
});
