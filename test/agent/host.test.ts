import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logFile } from '../../agent/log/log-file.ts';
import { runLog } from '../../agent/log/run-log.ts';
import { describeOwner, freshFlock, isFlocked, tryFlock, writeOwner } from '../../agent/update/host/flock.ts';
import { survivors } from '../../agent/update/host/survivors.ts';
import { outputFollower } from '../../agent/update/scripts/output-follower.ts';
import { until } from '../support/until.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-host-parts-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a file lock', () => {
  it('is one holder’s at a time, and free once that one has let go', () => {
    const file = join(folder, 'a.lock');
    const first = tryFlock(file);
    expect(first).toBeDefined();
    expect(tryFlock(file)).toBeUndefined();
    expect(isFlocked(file)).toBe(true);
    first?.release();
    expect(isFlocked(file)).toBe(false);
  });

  it('says who has it', async () => {
    const file = join(folder, 'a.lock');
    const lock = tryFlock(file);
    await writeFile(file, 'something much longer that was there before'.repeat(9));
    if (lock !== undefined) writeOwner(lock, { pid: 12, bootId: 'b', since: 'noon' });
    expect(describeOwner(file)).toBe('process 12 since noon');
    await writeFile(file, '4711');
    expect(describeOwner(file)).toBe('process 4711');
    await writeFile(file, 'x');
    expect(describeOwner(file)).toBe('another process');
    lock?.release();
  });

  it('lasts as long as a process that inherited it, however its owner ended', async () => {
    const file = join(folder, 'script.lock');
    const lock = freshFlock(file);
    const child = spawn('sleep', ['600'], {
      stdio: ['ignore', 'ignore', 'ignore', lock.descriptor],
      env: { MIRRORTIDE_STEP: 'run/update/a/1' },
    });
    lock.release();
    expect(isFlocked(file)).toBe(true);
    expect(survivors(file, 'another')).toEqual([child.pid]);
    const ended = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    expect([isFlocked(file), survivors(file, 'run/update/a/1')]).toEqual([false, []]);
  });

  it('of one script does not stand in the way of the next, though a daemon still has it', () => {
    const file = join(folder, 'script.lock');
    const first = freshFlock(file);
    const second = freshFlock(file);
    expect(isFlocked(file)).toBe(true);
    second.release();
    expect(isFlocked(file)).toBe(false);
    first.release();
  });

  it('is not needed to find a descendant that closed what it inherited', async () => {
    const child = spawn('sleep', ['600'], { stdio: 'ignore', env: { MIRRORTIDE_STEP: 'run/update/b/1' } });
    try {
      const found = await until(
        'the environment',
        async () => survivors(join(folder, 'none'), 'run/update/b/1'),
        (pids) => pids.length > 0,
      );
      expect(found).toEqual([child.pid]);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

describe('the log file', () => {
  const DAY_MS = 86_400_000;
  const NOON = Date.parse('2026-03-10T12:00:00Z');
  const problems: string[] = [];

  it('begins anew each day and keeps the old ones for as long as it is told', async () => {
    const path = join(folder, 'logs/update.log');
    const log = logFile(path, { retentionDays: 2, maxBytes: 1 << 20 }, (reason) => problems.push(reason));
    for (let day = 0; day < 5; day += 1) {
      log.append(`day ${day}`, NOON + day * DAY_MS);
      log.append('later', NOON + day * DAY_MS + 1);
    }
    expect((await readdir(join(folder, 'logs'))).toSorted()).toEqual([
      'update.log',
      'update.log.2026-03-12',
      'update.log.2026-03-13',
    ]);
    expect(await readFile(path, 'utf8')).toBe('day 4\nlater\n');
    expect(await readFile(`${path}.2026-03-12`, 'utf8')).toBe('day 2\nlater\n');
  });

  it('takes the day of what is there from its time, and does not touch what is not its own', async () => {
    const path = join(folder, 'update.log');
    await writeFile(path, 'old\n');
    await utimes(path, new Date(NOON - 3 * DAY_MS), new Date(NOON - 3 * DAY_MS));
    for (const name of ['update.log.2000-01-01', 'update.log.1', 'update.log.2000-01-01.gz'])
      await writeFile(join(folder, name), '');
    logFile(path, { retentionDays: 7, maxBytes: 1 << 20 }, () => {}).append('new', NOON);
    expect((await readdir(folder)).toSorted()).toEqual([
      'update.log',
      'update.log.1',
      'update.log.2000-01-01.gz',
      'update.log.2026-03-07',
    ]);
  });

  it('begins anew when it is too large, and keeps all of a day', async () => {
    const path = join(folder, 'update.log');
    const log = logFile(path, { retentionDays: 0, maxBytes: 10 }, () => {});
    for (const line of ['0123456789', 'second', 'third-line-that-is-long', 'fourth']) log.append(line, NOON);
    expect((await readdir(folder)).toSorted()).toEqual(['update.log', 'update.log.2026-03-10', 'update.log.2026-03-10.1']);
    expect(await readFile(path, 'utf8')).toBe('fourth\n');
  });

  it('that cannot be written is complained about once and stops nothing', async () => {
    await writeFile(join(folder, 'file'), '');
    const complaints: string[] = [];
    const log = logFile(join(folder, 'file/update.log'), { retentionDays: 1, maxBytes: 10 }, (reason) => complaints.push(reason));
    log.append('a', NOON);
    log.append('b', NOON);
    expect(complaints).toEqual([expect.stringContaining('cannot be written')]);
  });

  it('shows control characters instead of obeying them', () => {
    const lines: string[] = [];
    const log = runLog({
      file: undefined,
      fileLevel: 'info',
      terminal: (line) => lines.push(line),
      terminalLevel: 'info',
      json: false,
      nowMs: () => NOON,
    });
    log.info('red \u001b[31m\ttab', { note: 'two\nlines' });
    log.debug('not shown');
    expect(lines).toEqual(['2026-03-10T12:00:00.000Z INFO red \\u001b[31m\ttab note="two\\nlines"']);
  });
});

describe('the output of a script', () => {
  it('is passed on by lines, the unfinished last one too, and long ones in pieces', async () => {
    const file = join(folder, 'output');
    await writeFile(file, `first\r\nsecond: é\n${'x'.repeat(20_000)}`);
    const lines: string[] = [];
    outputFollower(file, (line) => lines.push(line)).finish();
    expect(lines.slice(0, 2)).toEqual(['first', 'second: é']);
    expect(lines.slice(2).join('')).toBe('x'.repeat(20_000));
  });

  it('is passed on while the script writes it', async () => {
    const file = join(folder, 'output');
    await writeFile(file, '');
    const lines: string[] = [];
    const follower = outputFollower(file, (line) => lines.push(line));
    await writeFile(file, 'now\n');
    expect(
      await until(
        'the line',
        async () => lines,
        (seen) => seen.length > 0,
      ),
    ).toEqual(['now']);
    follower.finish();
  });
});
