import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { byteText } from '#domain/byte-text.ts';
import { runCommandLine } from '../../agent/cli/run-command-line.ts';
import { fetchCommand, processWorld } from '../../agent/fetch/command/fetch-command.ts';
import { FETCH_EXIT_CODES } from '../../agent/fetch/fetch-outcome.ts';
import { layoutOf } from '../../agent/fetch/install/layout.ts';
import { durationText, progressBar, progressLine } from '../../agent/report/progress.ts';
import { terminalReport } from '../../agent/report/report.ts';
import { tryFlock } from '../../agent/update/host/flock.ts';
import { AGENT_ENTRY, bundleAgent } from '../../local/bundle-agent.ts';
import { httpServer, type TestServer } from '../support/raw-server.ts';
import { runProgram } from '../support/run-program.ts';
import { digestHex, tarOf, treeOf } from './support/fetch-scene.ts';

const FILES = { one: { 'bin/run': 'one' }, two: { 'bin/run': 'two' } };
const ARTEFACTS = { one: tarOf(FILES.one), two: tarOf(FILES.two) };

let top: string;
let destination: string;
let server: TestServer;
let published: keyof typeof FILES;
beforeEach(async () => {
  top = fs.mkdtempSync(join(tmpdir(), 'mirrortide-command-'));
  destination = join(top, 'srv/app');
  published = 'one';
  server = await httpServer((request, response) => {
    if (request.url?.endsWith('.sha256')) response.end(`${digestHex(ARTEFACTS[published])}  app.tgz\n`);
    else response.end(ARTEFACTS[published]);
  });
});
afterEach(async () => {
  await server.stop();
  fs.rmSync(top, { recursive: true, force: true });
});

async function typed(words: readonly string[], errColumns?: number) {
  let out = '';
  let err = '';
  const slept: number[] = [];
  const terminal = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    environment: { PATH: process.env['PATH'] },
    errColumns,
    userId: 1_000,
    program: [],
  };
  const world = (environment: Readonly<Record<string, string | undefined>>) => ({
    ...processWorld(environment),
    sleep: async (ms: number) => void slept.push(ms),
  });
  const code = await runCommandLine({ fetch: fetchCommand(world) }, ['fetch', ...words], terminal);
  return { code, out, err, slept };
}

const fetched = (...more: readonly string[]) => typed([`${server.url}/app.tgz`, '--dest', destination, '--unpack', ...more]);

describe('the command line', () => {
  it.each([
    [[], 'the URL is missing'],
    [['https://x/y.tgz'], '--dest DIR is missing'],
    [['https://x/y.tgz', '--dest', '/'], 'cannot be replaced'],
    [['ftp://x/y.tgz', '--dest', 'd'], 'is not an address'],
    [['https://user:word@x/y', '--dest', 'd'], 'a password'],
    [['https://x/', '--dest', 'd'], 'does not end with the name of a file'],
    [['https://x/a%2Fb', '--dest', 'd'], 'does not end with the name of a file'],
    [['https://x/%2e%2e', '--dest', 'd'], 'does not end with the name of a file'],
    [['https://x/.mirrortide-complete.json', '--dest', 'd'], 'does not end with the name of a file'],
    [['https://x/y', 'https://x/z', '--dest', 'd'], 'one URL at a time'],
    [['https://x/y', '--dest', 'd', '--checksum', 'abc'], 'neither a digest nor the address'],
    [['https://x/y', '--dest', 'd', '--checksum', 'd41d8cd98f00b204e9800998ecf8427e'], '--allow-weak takes it'],
    [['https://x/y#sha256=00', '--dest', 'd'], 'neither a digest nor the address'],
    [['https://x/y#sha256=', '--dest', 'd', '--checksum', 'sha256:00'], 'neither a digest'],
    [['https://x/y', '--dest', 'd', '--splay', '10x'], 'must be a time'],
    [['https://x/y', '--dest', 'd', '--splay', '25h'], 'must be a time'],
    [['https://x/y', '--dest', 'd', '--limit', '1Q'], 'must be a size'],
    [['https://x/y', '--dest', 'd', '--keep', '1.5'], 'a whole number'],
    [['https://x/y', '--dest', 'd', '--rollback'], 'stands alone'],
  ])('%j is wrong usage', async (words, problem) => {
    const { code, err } = await typed(words);
    expect(code).toBe(2);
    expect(err).toContain(problem);
  });

  it('explains every option', async () => {
    const { out, code } = await typed(['--help']);
    expect(code).toBe(0);
    for (const option of Object.keys(fetchCommand().options)) expect(out).toContain(`--${option}`);
  });
});

describe('a fetch', () => {
  it('changes, then does not, then changes and goes back', async () => {
    expect(await fetched()).toMatchObject({ code: 3 });
    expect(await fetched()).toMatchObject({ code: 0, out: expect.stringContaining('unchanged: ') });
    published = 'two';
    expect(await fetched('--dry-run')).toMatchObject({ code: 3, out: expect.stringContaining('would download') });
    expect(treeOf(destination)).toEqual(FILES.one);
    expect(await fetched()).toMatchObject({ code: 3 });
    expect(treeOf(destination)).toEqual(FILES.two);
    expect(await typed(['--rollback', '--dest', destination])).toMatchObject({ code: 3 });
    expect(treeOf(destination)).toEqual(FILES.one);
    expect(await fetched()).toMatchObject({ code: 7, err: expect.stringContaining('--retry-bad') });
    expect(await fetched('--dry-run')).toMatchObject({ code: 7 });
    expect(await typed(['--rollback', '--dest', destination])).toMatchObject({ code: 1 });
    expect(await fetched('--retry-bad')).toMatchObject({ code: 3 });
    expect(treeOf(destination)).toEqual(FILES.two);
  });

  it('says what is installed', async () => {
    expect(await typed(['status', '--dest', destination])).toMatchObject({ code: 1, out: expect.stringContaining('nothing') });
    await fetched();
    const digest = `sha256-${digestHex(ARTEFACTS.one)}`;
    expect(await typed(['status', '--dest', destination])).toMatchObject({ code: 0, out: expect.stringContaining(digest) });
    const { out } = await typed(['status', '--dest', destination, '--json']);
    expect(JSON.parse(out)).toMatchObject({ whole: true, current: { digest }, previous: [], bad: [], hooksDue: null });
    fs.rmSync(join(destination, '.mirrortide-complete.json'));
    expect(await typed(['status', '--dest', destination])).toMatchObject({ code: 1, out: expect.stringContaining('damaged') });
    expect(await fetched()).toMatchObject({ code: 3 });
    expect(await typed(['status', '--dest', destination])).toMatchObject({ code: 0 });
    fs.writeFileSync(layoutOf(destination).state, '{"schema":');
    expect(await typed(['status', '--dest', destination])).toMatchObject({ code: 1, err: expect.stringContaining('state.json') });
    expect(await fetched()).toMatchObject({ code: 1, err: expect.stringContaining('Remove it to begin anew') });
  });

  it('repairs a tree that somebody has removed, and a link that somebody has changed', async () => {
    await fetched();
    fs.rmSync(fs.realpathSync(destination), { recursive: true });
    expect(await fetched()).toMatchObject({ code: 3 });
    expect(treeOf(destination)).toEqual(FILES.one);
    fs.rmSync(destination);
    expect(await fetched('--hook', 'echo hooked')).toMatchObject({ code: 3, err: expect.stringContaining('hooked') });
    expect(treeOf(destination)).toEqual(FILES.one);
    fs.rmSync(destination);
    fs.symlinkSync('/nowhere', destination);
    expect(await fetched()).toMatchObject({ code: 3 });
    expect(treeOf(destination)).toEqual(FILES.one);
  });

  it('replaces an older release that was damaged since', async () => {
    await fetched();
    const older = fs.realpathSync(destination);
    published = 'two';
    await fetched();
    fs.rmSync(join(older, '.mirrortide-complete.json'));
    fs.writeFileSync(join(older, 'rest'), 'of somebody');
    published = 'one';
    expect(await fetched()).toMatchObject({ code: 3 });
    expect(fs.realpathSync(destination)).toBe(older);
    expect(treeOf(destination)).toEqual(FILES.one);
  });

  it('puts an artefact that is not unpacked into the folder', async () => {
    expect(await typed([`${server.url}/app.tgz`, '--dest', destination])).toMatchObject({ code: 3 });
    expect(fs.readFileSync(join(destination, 'app.tgz'))).toEqual(ARTEFACTS.one);
  });

  it('takes the digest from a link, and then asks nobody when it is installed', async () => {
    const link = `${server.url}/app.tgz#sha256=${digestHex(ARTEFACTS.one)}`;
    expect(await typed([link, '--dest', destination, '--unpack'])).toMatchObject({ code: 3 });
    const before = server.connections();
    expect(await typed([link, '--dest', destination, '--unpack'])).toMatchObject({ code: 0 });
    expect(server.connections()).toBe(before);
  });

  it('keeps as many releases as it is told', async () => {
    await fetched('--keep', '0');
    published = 'two';
    await fetched('--keep', '0');
    const names = fs.readdirSync(layoutOf(destination).store).filter((name) => name.startsWith('sha256-'));
    expect(names).toEqual([`sha256-${digestHex(ARTEFACTS.two)}`]);
    expect(await typed(['--rollback', '--dest', destination])).toMatchObject({ code: 1 });
  });

  it('runs hooks with what they need to know, and goes back when health fails', async () => {
    const journal = join(top, 'journal');
    const hook = `echo "$MIRRORTIDE_EVENT $MIRRORTIDE_DIGEST $(cat ${destination}/bin/run)" >> ${journal}`;
    const health = `grep -q one ${destination}/bin/run`;
    expect(await fetched('--hook', hook, '--health', health)).toMatchObject({ code: 3 });
    published = 'two';
    expect(await fetched('--hook', hook, '--health', health)).toMatchObject({
      code: 7,
      err: expect.stringContaining('the health failed'),
    });
    expect(treeOf(destination)).toEqual(FILES.one);
    const [one, two] = [ARTEFACTS.one, ARTEFACTS.two].map((bytes) => `sha256-${digestHex(bytes)}`);
    expect(fs.readFileSync(journal, 'utf8')).toBe(`installed ${one} one\ninstalled ${two} two\ntaken_back ${one} one\n`);
    expect(await fetched('--hook', hook, '--health', health)).toMatchObject({ code: 7 });
    expect(fs.readFileSync(journal, 'utf8').split('\n').length).toBe(4);
  });

  it('ends a hook that takes too long, with what it has started', async () => {
    const outcome = await fetched('--hook', 'sleep 100 & sleep 100', '--hook-limit', '200ms');
    expect(outcome).toMatchObject({ code: 7, err: expect.stringContaining('longer than 200 ms') });
    expect(fs.existsSync(destination)).toBe(false);
  });

  it('does not wait for what a hook leaves running', async () => {
    expect(await fetched('--hook', 'echo started; sleep 3 &')).toMatchObject({
      code: 3,
      err: expect.stringContaining('started'),
    });
  });

  it('waits its share of the splay, the same each time', async () => {
    const [first, second] = [await fetched('--splay', '10m'), await fetched('--splay', '10m')];
    expect(first.slept).toEqual(second.slept);
    expect(first.slept[0]).toBeGreaterThan(0);
    expect(first.slept[0]).toBeLessThan(600_000);
  });

  it('does not hold the lock while it waits', async () => {
    const sleeping: boolean[] = [];
    const world = (environment: Readonly<Record<string, string | undefined>>) => ({
      ...processWorld(environment),
      sleep: async () => {
        const lock = tryFlock(layoutOf(destination).lock);
        sleeping.push(lock !== undefined);
        lock?.release();
      },
    });
    const terminal = { out: () => {}, err: () => {}, environment: {}, userId: 1_000, program: [] };
    const words = ['fetch', `${server.url}/app.tgz`, '--dest', destination, '--unpack', '--splay', '10m'];
    expect(await runCommandLine({ fetch: fetchCommand(world) }, words, terminal)).toBe(3);
    expect(sleeping).toEqual([true]);
  });

  it('says so when another one is at work', async () => {
    await fetched();
    const lock = tryFlock(layoutOf(destination).lock);
    expect(await fetched()).toMatchObject({ code: 6 });
    lock?.release();
    expect(await fetched()).toMatchObject({ code: 0 });
  });

  it('takes over a real folder, and gives it back', async () => {
    fs.mkdirSync(destination, { recursive: true });
    fs.writeFileSync(join(destination, 'old'), 'by hand');
    expect(await fetched('--keep', '0')).toMatchObject({ code: 3 });
    expect(treeOf(destination)).toEqual(FILES.one);
    expect(await typed(['--rollback', '--dest', destination])).toMatchObject({ code: 3 });
    expect(treeOf(destination)).toEqual({ old: 'by hand' });
  });

  it('does not replace a file', async () => {
    fs.mkdirSync(join(top, 'srv'));
    fs.writeFileSync(destination, 'mine');
    expect(await fetched()).toMatchObject({ code: 1, err: expect.stringContaining('is a file') });
    expect(fs.readFileSync(destination, 'utf8')).toBe('mine');
  });

  it('tells its events in JSON, the outcome last', async () => {
    const { out } = await fetched('--json', '--hook', 'echo to-stderr');
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string });
    expect(events.map(({ event }) => event)).toEqual(['wanted', 'verified', 'switched', 'hook', 'done']);
    expect(events.at(-1)).toMatchObject({ outcome: 'changed', exitCode: 3 });
  });
});

describe('the bundle', () => {
  // The system's own where there is one: it may be as old as the program allows.
  const systemNode = '/usr/bin/node';
  const oldNode = fs.existsSync(systemNode) ? systemNode : process.execPath;
  it('fetches with the host’s own Node, and says when that cannot read zstd', async () => {
    const program = join(top, 'mirrortide.mjs');
    await bundleAgent(AGENT_ENTRY, program);
    const words = ['fetch', `${server.url}/app.tgz`, '--dest', destination, '--unpack'];
    expect(await runProgram(oldNode, [program, ...words])).toMatchObject({ exitCode: 3 });
    expect(await runProgram(oldNode, [program, ...words])).toMatchObject({ exitCode: 0 });
    expect(treeOf(destination)).toEqual(FILES.one);
    ARTEFACTS.two = tarOf(FILES.two, ['-c', '--zstd']);
    published = 'two';
    const { stdout: version } = await runProgram(oldNode, ['--version']);
    const ended = await runProgram(oldNode, [program, ...words]);
    if (Number(/^v(\d+)/.exec(version)?.[1]) >= 24) expect(ended.exitCode).toBe(3);
    else expect(ended).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('zstd, which Node') });
    ARTEFACTS.two = tarOf(FILES.two);
  });
});

describe('the exit codes', () => {
  it('are those of the operator’s page', () => {
    const page = fs.readFileSync(new URL('../../docs/fetch.md', import.meta.url), 'utf8');
    for (const [kind, code] of Object.entries(FETCH_EXIT_CODES)) expect(page).toContain(`| \`${kind}\` | ${code} |`);
  });
});

describe('progress', () => {
  const view = { what: 'downloading', bytes: 5_000_000, total: 20_000_000, bytesPerSecond: 1_000_000 };

  it.each([
    [view, 'downloading 4.8 MiB of 19.1 MiB (25 %), 977 KiB/s, 15 s left'],
    [{ ...view, total: undefined }, 'downloading 4.8 MiB, 977 KiB/s'],
    [{ ...view, bytesPerSecond: 0 }, 'downloading 4.8 MiB of 19.1 MiB (25 %), 0 B/s'],
    [{ ...view, bytes: view.total }, 'downloading 19.1 MiB of 19.1 MiB (100 %), 977 KiB/s'],
  ])('is one line: %j', (seen, line) => {
    expect(progressLine(seen)).toBe(line);
  });

  it('is a bar that is never wider than the terminal', () => {
    expect(progressBar(view, 100)).toBe(`[#########---------------------------] ${progressLine(view)}`.slice(0, 99).padEnd(99));
    for (const columns of [1, 10, 60, 70, 80, 300]) expect(progressBar(view, columns)).toHaveLength(columns - 1);
  });

  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_536, '1.5 KiB'],
    [5 * 2 ** 40, '5.0 TiB'],
  ])('says %i bytes as %s', (bytes, text) => {
    expect(byteText(bytes)).toBe(text);
  });

  it.each([
    [0, '0 s'],
    [61, '1 min 1 s'],
    [7_500, '2 h 5 min'],
  ])('says %i seconds as %s', (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });

  it.each([
    ['on a terminal, five times a second', 100, false, 5, /^(\r[^\n]*){5}\n$/],
    ['elsewhere as lines, each ten seconds', undefined, false, 0, /^$/],
    ['as events', undefined, true, 0, /^$/],
  ])('is shown %s', (_, columns, json, shown, expected) => {
    let nowMs = 0;
    let err = '';
    const report = terminalReport({ out: () => {}, err: (text) => (err += text), columns, json, nowMs: () => nowMs });
    for (; nowMs <= 1_000; nowMs += 10) report.progress('downloading', nowMs * 1_000, 20_000_000);
    report.end();
    expect(err).toMatch(expected);
    expect(err.split('\r').length - 1).toBe(shown);
    for (; nowMs <= 40_000; nowMs += 10) report.progress('downloading', nowMs * 1_000, 50_000_000);
    if (columns === undefined && !json) expect(err.trimEnd().split('\n')).toHaveLength(4);
  });

  it('never lets a server’s words command the terminal', () => {
    let err = '';
    const report = terminalReport({ out: () => {}, err: (text) => (err += text), columns: 80, json: false, nowMs: () => 0 });
    report.note('retry', 'a\u001b[2Jb\r\n', {});
    expect(err).toBe('a\\u001b[2Jb\\u000d\\u000a\n');
  });
});
