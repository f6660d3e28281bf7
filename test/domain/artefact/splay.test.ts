import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryDelayMs, splayMs } from '#domain/artefact/splay.ts';

describe('the splay', () => {
  it('is the same each time, and inside of the window', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat({ max: 86_400_000 }), (host, windowMs) => {
        const first = splayMs(host, windowMs);
        expect(first).toBe(splayMs(host, windowMs));
        expect(first).toBeGreaterThanOrEqual(0);
        expect(first).toBeLessThan(Math.max(1, windowMs));
      }),
    );
  });

  it('spreads a thousand hosts evenly: no minute of ten has more than a seventh of them', () => {
    const minutes = new Array<number>(10).fill(0);
    for (let host = 0; host < 1_000; host += 1) {
      const minute = Math.floor(splayMs(`web-${host}.example.org`, 600_000) / 60_000);
      minutes[minute] = (minutes[minute] ?? 0) + 1;
    }
    expect(Math.max(...minutes)).toBeLessThan(143);
    expect(Math.min(...minutes)).toBeGreaterThan(60);
  });
});

describe('the wait before an attempt', () => {
  const pace = { firstMs: 500, longestMs: 30_000, longestAskedMs: 600_000 };

  it('is random, below a limit that doubles', () => {
    fc.assert(
      fc.property(fc.nat({ max: 100 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, random) => {
        const delayMs = retryDelayMs(pace, attempt, random, undefined);
        expect(delayMs).toBeLessThanOrEqual(Math.min(30_000, 500 * 2 ** attempt));
      }),
    );
  });

  it('is never shorter than the server asks, and there is none when it asks for too much', () => {
    expect(retryDelayMs(pace, 0, 0, 120_000)).toBe(120_000);
    expect(retryDelayMs(pace, 0, 0.5, 120_000)).toBe(120_250);
    expect(retryDelayMs(pace, 0, 0, 600_001)).toBeUndefined();
  });
});
