import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseState, printState, StateProblem } from '../../agent/update/state/parse-state.ts';
import { stateFile } from '../../agent/update/state/state-file.ts';
import { enterTask, type UpdateState } from '../../agent/update/state/update-state.ts';

const NOW = '2026-01-02T03:04:05.678Z';
const STATE: UpdateState = {
  schema: 1,
  runId: 'r',
  startedAt: NOW,
  task: 'update',
  taskSince: NOW,
  lock: 'update',
  baseUrl: 'https://locks.example',
  bootId: 'b',
  requestId: 'q',
  ticket: 7,
  fence: 12,
  heldSince: NOW,
  scripts: [
    { name: '10-a', status: 'done', starts: 1, startedAt: NOW, endedAt: NOW, exitCode: 0 },
    { name: '20-b', status: 'running', starts: 2, startedAt: NOW },
    { name: '30-c', status: 'waiting', starts: 0 },
  ],
  finished: [{ task: 'pre_update', name: '10-x', exitCode: 0, startedAt: NOW, endedAt: NOW }],
  rebootFromBootId: 'b',
  rebootAttempt: { startedAt: NOW, exitCode: 0 },
  failure: { at: NOW, script: '20-b', reason: 'exit code 1', reported: false },
};

const refused = (text: string): boolean => {
  try {
    parseState(text);
    return false;
  } catch (error) {
    if (error instanceof StateProblem) return true;
    throw error;
  }
};

describe('a state file', () => {
  it('gives back what was written', () => {
    expect(parseState(printState(STATE))).toEqual(STATE);
  });

  it('that was cut anywhere is refused', () => {
    const text = printState(STATE).trimEnd();
    for (let length = 0; length < text.length; length += 1) expect(refused(text.slice(0, length)), `${length}`).toBe(true);
  });

  it('without one of its fields, or with another kind of thing there, is refused or read without it', () => {
    const needed = ['schema', 'runId', 'startedAt', 'task', 'taskSince', 'lock', 'baseUrl', 'bootId', 'fence'];
    for (const key of Object.keys(STATE)) {
      const { [key as keyof UpdateState]: _gone, ...rest } = STATE;
      expect(refused(JSON.stringify(rest)), key).toBe(needed.includes(key));
      for (const wrong of [null, true, [], [1], { a: 1 }, -0.5])
        expect(
          refused(JSON.stringify({ ...STATE, [key]: wrong })) ||
            ((key === 'finished' || key === 'scripts') && Array.isArray(wrong) && wrong.length === 0),
          `${key} ${JSON.stringify(wrong)}`,
        ).toBe(true);
    }
  });

  it('throws nothing but a StateProblem, whatever it holds', () => {
    const bytes = fc.string({ unit: 'binary', maxLength: 200 });
    const json = fc.jsonValue().map((value) => JSON.stringify(value));
    const changed = fc.tuple(fc.nat(), fc.string({ unit: 'binary', minLength: 1, maxLength: 3 })).map(([at, text]) => {
      const whole = printState(STATE);
      const index = at % whole.length;
      return whole.slice(0, index) + text + whole.slice(index + 1);
    });
    const patched = fc
      .tuple(fc.constantFrom(...Object.keys(STATE)), fc.jsonValue())
      .map(([key, value]) => JSON.stringify({ ...STATE, [key]: value }));
    fc.assert(
      fc.property(fc.oneof(bytes, json, changed, patched), (text) => {
        refused(text);
      }),
      { numRuns: 20_000 },
    );
  });

  it('is replaced as a whole and leaves nothing else behind', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mirrortide-state-'));
    try {
      const file = stateFile(join(folder, 'deep/state.json'));
      expect(file.read()).toBeUndefined();
      file.write(STATE);
      file.write(enterTask(STATE, 'needs_reboot', NOW));
      expect(await readdir(join(folder, 'deep'))).toEqual(['state.json']);
      expect(file.read()?.task).toBe('needs_reboot');
      file.remove();
      expect(await readdir(join(folder, 'deep'))).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('the next task', () => {
  it('begins without scripts and failure, and keeps what was run', () => {
    const state = enterTask(STATE, 'needs_reboot', NOW);
    expect(state.scripts).toBeUndefined();
    expect(state.failure).toBeUndefined();
    expect(state.finished.map((script) => `${script.task}/${script.name}`)).toEqual([
      'pre_update/10-x',
      'update/10-a',
      'update/20-b',
      'update/30-c',
    ]);
  });
});
