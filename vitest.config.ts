import { defineConfig } from 'vitest/config';

// Two cores are the smallest machine that the whole suite is meant for; more workers than that only make time-outs likely.
const WORKERS = 2;
/** Nothing is decided by time; these only end a test that hangs. Journeys install packages with real clients. */
const LIMITS = { testTimeout: 60_000, hookTimeout: 120_000 };
const JOURNEY_LIMITS = { testTimeout: 300_000, hookTimeout: 300_000 };
const FAST = ['test/domain/**/*.test.ts', 'test/wire/**/*.test.ts', 'test/stages/**/*.test.ts', 'test/architecture.test.ts'];
const JOURNEYS = ['test/e2e/**/*.test.ts'];

// The groups run one after another in their order: quick answers first, the whole system last. Two journeys at a time: mostly they wait for
// clients that poll and for mirrors that are crawled.
export default defineConfig({
  test: {
    maxWorkers: WORKERS,
    projects: [
      { test: { name: 'fast', include: FAST, maxWorkers: WORKERS, sequence: { groupOrder: 0 }, ...LIMITS } },
      {
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: [...FAST, ...JOURNEYS, '**/fixtures/**'],
          maxWorkers: WORKERS,
          sequence: { groupOrder: 1 },
          ...LIMITS,
        },
      },
      {
        test: {
          name: 'journeys',
          include: JOURNEYS,
          maxWorkers: WORKERS,
          sequence: { groupOrder: 2 },
          ...JOURNEY_LIMITS,
        },
      },
    ],
  },
});
