import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { LogFields, RunLog } from '../../agent/log/run-log.ts';
import { parseDuration, printElapsed } from '../../agent/sync/config/duration.ts';
import { PASSES, parseSyncState, SYNC_STEPS, type SyncRunState } from '../../agent/sync/state/sync-state.ts';
import { syncFamily } from '../../agent/sync/sync-family.ts';
import { type Signals, signals } from '../../agent/sync/workflow/signals.ts';
import { syncReport } from '../../agent/sync/workflow/sync-report.ts';
import { ConfigProblem } from '../../agent/update/config/config-problem.ts';
import { StateProblem } from '../../agent/update/state/parse-state.ts';
import { EXIT_CODES } from '../../agent/update/workflow/outcome.ts';

describe('a duration', () => {
  it.each([
    ['0', 0],
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['1.5h', 5_400_000],
    ['30d', 2_592_000_000],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDuration('x', text)).toBe(ms);
  });

  it.each(['', '5', 's', '-1s', '31d', '1 h', '1h30m', 'NaNs'])('is not "%s"', (text) => {
    expect(() => parseDuration('x', text)).toThrow(ConfigProblem);
  });

  it.each([
    [-5, '0 s'],
    [59_499, '59 s'],
    [61_000, '1 min 1 s'],
    [7_500_000, '2 h 5 min'],
  ])('of %i ms is "%s" for people', (ms, text) => {
    expect(printElapsed(ms)).toBe(text);
  });
});

const text = fc.string({ minLength: 1 });
const aState: fc.Arbitrary<SyncRunState> = fc.record(
  {
    schema: fc.constant(1 as const),
    key: text,
    baseUrl: text,
    host: text,
    category: text,
    mode: fc.constantFrom('full', 'additive'),
    startedAt: text,
    step: fc.constantFrom(...SYNC_STEPS),
    pass: fc.constantFrom(...PASSES),
    starts: fc.nat(),
    outcome: fc.constantFrom('success', 'failed', 'aborted'),
    syncId: text,
    fence: fc.nat(),
  },
  {
    requiredKeys: ['schema', 'key', 'baseUrl', 'host', 'category', 'mode', 'startedAt', 'step', 'pass', 'starts', 'outcome'],
  },
);

describe('a state file of sync', () => {
  it('is read as it was written', () => {
    fc.assert(fc.property(aState, (state) => void expect(parseSyncState(JSON.stringify(state))).toEqual(state)));
  });

  it('throws nothing but a StateProblem, whatever it holds', () => {
    const damaged = fc.tuple(aState, fc.string(), fc.jsonValue()).map(([state, key, value]) => ({ ...state, [key]: value }));
    const bent = fc.tuple(
      aState,
      fc.constantFrom(...Object.keys({ schema: 1, key: 1, step: 1, fence: 1, starts: 1 })),
      fc.jsonValue(),
    );
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      damaged.map((value) => JSON.stringify(value)),
      bent.map(([state, key, value]) => JSON.stringify({ ...state, [key]: value })),
      aState.map((state) => JSON.stringify(state).slice(0, -7)),
    );
    fc.assert(
      fc.property(anything, (content) => {
        try {
          parseSyncState(content);
        } catch (error) {
          expect(error).toBeInstanceOf(StateProblem);
        }
      }),
    );
  });

  it('of another version is left alone', () => {
    expect(() => parseSyncState('{"schema":2}')).toThrow(/another|knows 1/);
  });
});

const reporting = (options: { readonly errColumns?: number; readonly json?: boolean; readonly quiet?: boolean }) => {
  const written: string[] = [];
  const logged: string[] = [];
  const log = (message: string, _fields?: LogFields): void => void logged.push(message);
  const runLog: RunLog = { debug: log, info: log, warning: log, error: log };
  let nowMs = 0;
  const report = syncReport({
    terminal: { err: (part) => void written.push(part), errColumns: options.errColumns },
    log: runLog,
    json: options.json === true,
    quiet: options.quiet === true,
    nowMs: () => nowMs,
  });
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { report, written, logged, pass };
};

describe('what sync says', () => {
  it('is one live line on a screen, no wider than it, gone before the next word', () => {
    const { report, written } = reporting({ errColumns: 25 });
    report.waiting('a', () => 'WAITING, place 2, and a very long reason', {});
    report.say('begun', 'a word');
    expect(written).toEqual(['\r\u001b[2KWAITING, place 2, and a ', '\r\u001b[2K', 'mirrortide: a word\n']);
  });

  it('is a line for each piece of news elsewhere, and one now and then', () => {
    const { report, written, logged, pass } = reporting({});
    for (const key of ['a', 'a', 'b', 'b']) report.waiting(key, () => key, {});
    pass(300_000);
    report.waiting('b', () => 'b again', {});
    expect(written).toEqual(['mirrortide: a\n', 'mirrortide: b\n', 'mirrortide: b again\n']);
    expect(logged).toEqual(['a', 'b', 'b again']);
  });

  it('is only what went wrong when it is to be quiet, but all of it in the log', () => {
    const { report, written, logged } = reporting({ quiet: true, errColumns: 80 });
    report.waiting('a', () => 'a', {});
    report.say('begun', 'begun');
    report.warn('lost', 'lost');
    expect(written).toEqual(['mirrortide: lost\n']);
    expect(logged).toEqual(['a', 'begun', 'lost']);
  });

  it('is one object per line in JSON, whatever stands in it', () => {
    const { report, written } = reporting({ json: true, errColumns: 80 });
    report.warn('lost', 'line one\nline two', { fence: 3 });
    expect(written).toHaveLength(1);
    expect(JSON.parse(written[0] ?? '')).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      event: 'lost',
      level: 'warning',
      message: 'line one\nline two',
      fence: 3,
    });
  });
});

describe('signals', () => {
  let caught: Signals | undefined;
  afterEach(() => caught?.end());
  const raise = (signal: 'SIGINT' | 'SIGTERM' | 'SIGUSR2'): void => void process.emit(signal);

  it('ask to stop, and the second to stop at once', () => {
    caught = signals(false);
    raise('SIGTERM');
    expect({ stop: caught.stop.aborted, atOnce: caught.stopAtOnce.aborted }).toEqual({ stop: true, atOnce: false });
    raise('SIGINT');
    expect(caught.stopAtOnce.aborted).toBe(true);
  });

  it('are the command’s while it runs, and still mean that nothing is to be waited for after it', () => {
    caught = signals(false);
    const passed: string[] = [];
    caught.relayTo((signal) => void passed.push(signal));
    for (const signal of ['SIGUSR2', 'SIGTERM', 'SIGINT'] as const) raise(signal);
    expect(passed).toEqual(['SIGUSR2', 'SIGTERM', 'SIGINT']);
    expect({ stop: caught.stop.aborted, atOnce: caught.stopAtOnce.aborted }).toEqual({ stop: true, atOnce: false });
  });

  it('of a keyboard are not sent to the command twice', () => {
    caught = signals(true);
    const passed: string[] = [];
    caught.relayTo((signal) => void passed.push(signal));
    raise('SIGINT');
    raise('SIGTERM');
    expect(passed).toEqual(['SIGTERM']);
  });
});

describe('the operator’s page', () => {
  const page = (): Promise<string> => readFile(fileURLToPath(new URL('../../docs/sync-run.md', import.meta.url)), 'utf8');

  it('has every exit code that a run may end with', async () => {
    const [, section = ''] = (await page()).split('# Synchronising a mirror out of service');
    const said = [...section.matchAll(/^\| `(\d+)`/gm)].map(([, code]) => Number(code));
    const kinds = [
      'decision_needed',
      'unavailable',
      'host_problem',
      'not_granted',
      'refused',
      'configuration',
      'stopped',
    ] as const;
    expect(said).toEqual(expect.arrayContaining(kinds.map((kind) => EXIT_CODES[kind])));
  });

  it('has every option of run', async () => {
    const [, section = ''] = (await page()).split('# Synchronising a mirror out of service');
    for (const option of Object.keys(syncFamily().commands['run']?.options ?? {}))
      if (option !== 'config') expect(section).toContain(`--${option}`);
  });
});
