import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { countTests } from '../../local/tasks/vitest-run.ts';
import { until } from '../support/until.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
let root: string;

/** A small repository: the bootstrap, an entry that says how it was called, and an npm that only notes it. */
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mirrortide-bootstrap-'));
  await mkdir(join(root, 'local'));
  await mkdir(join(root, 'bench'));
  await cp(join(REPOSITORY, 'local/bootstrap.mjs'), join(root, 'local/bootstrap.mjs'));
  await writeFile(join(root, 'package.json'), '{ "type": "module" }');
  await lock('package-lock.json', '1.0.0');
  await writeFile(
    join(root, 'local/main.ts'),
    'console.log("main", ...process.argv.slice(2) as string[]); process.exitCode = 7;',
  );
  await writeFile(join(root, 'bench/lock.ts'), 'console.log("bench", ...process.argv.slice(2));');
  await mkdir(join(root, 'bin'));
  const npm = `#!/bin/sh\necho "npm $*" >&2\nmkdir -p node_modules && cp package-lock.json node_modules/.package-lock.json\n`;
  await writeFile(join(root, 'bin/npm'), npm);
  await chmod(join(root, 'bin/npm'), 0o755);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const lock = (file: string, version: string): Promise<void> =>
  writeFile(
    join(root, file),
    JSON.stringify({ packages: { '': {}, 'node_modules/a': { version }, 'node_modules/b': { version, dev: true } } }),
  );

const environment = () => {
  const { npm_execpath: _, ...env } = process.env;
  return { ...env, PATH: `${join(root, 'bin')}${delimiter}${process.env['PATH'] ?? ''}` };
};

function bootstrap(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, 'local/bootstrap.mjs'), ...args], { env: environment() }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

test('it installs what is missing, hands the arguments over and keeps the exit code', async () => {
  const first = await bootstrap('start', '--port', '1');
  expect([first.code, first.out]).toEqual([7, 'main --port 1\n']);
  expect(first.err).toContain('npm ci --omit=dev');
  expect((await bootstrap('start')).err).toBe('');
});

test('it installs again when the lock file names another version, and the tools when a command needs them', async () => {
  await mkdir(join(root, 'node_modules'));
  await writeFile(
    join(root, 'node_modules/.package-lock.json'),
    JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.0' } } }),
  );
  expect((await bootstrap('start')).err).toBe('');
  expect((await bootstrap('bench', 'lock')).err).toContain('npm ci --include=dev');
  await lock('package-lock.json', '1.0.1');
  expect((await bootstrap('start')).err).toContain('npm ci');
});

test('a failed install stops everything with its exit code', async () => {
  await writeFile(join(root, 'bin/npm'), '#!/bin/sh\nexit 3\n');
  expect(await bootstrap('start')).toMatchObject({ code: 3, out: '' });
});

test('an unknown command and an unknown benchmark are wrong usage; benchmarks are listed', async () => {
  expect((await bootstrap('stat')).code).toBe(2);
  const unnamed = await bootstrap('bench');
  expect([unnamed.code, unnamed.err]).toEqual([2, expect.stringContaining('NAME is one of: lock')]);
  expect((await bootstrap('bench', 'lcok')).code).toBe(2);
  expect((await bootstrap('bench', 'lock', '--json')).out).toBe('bench --json\n');
});

test('signals reach the entry, and its way of ending is ours', async () => {
  await bootstrap('start');
  const program = 'process.on("SIGTERM", () => process.exit(5)); setInterval(() => {}, 1000); console.log("up");';
  await writeFile(join(root, 'local/main.ts'), program);
  const child = spawn(process.execPath, [join(root, 'local/bootstrap.mjs'), 'start'], { env: environment() });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  await until(
    'the entry runs',
    async () => out,
    (text) => text.includes('up'),
  );
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([5, null]);
});

test('when npm is ended and tells nobody, the entry ends too', async () => {
  await bootstrap('start');
  const done = join(root, 'done');
  const program = `import { writeFileSync } from 'node:fs';
    process.on('SIGTERM', () => { writeFileSync(${JSON.stringify(done)}, ''); process.exit(0); });
    setInterval(() => {}, 1000); console.log('up');`;
  await writeFile(join(root, 'local/main.ts'), program);
  // The shell between npm and its script; ":" keeps it from becoming the script itself.
  const command = `"${process.execPath}" "${join(root, 'local/bootstrap.mjs')}" start; :`;
  const shell = spawn('sh', ['-c', command], { env: { ...environment(), npm_lifecycle_event: 'start' } });
  let out = '';
  shell.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  await until(
    'the entry runs',
    async () => out,
    (text) => text.includes('up'),
  );
  shell.kill('SIGTERM');
  await until(
    'the entry ended',
    async () => existsSync(done),
    (ended) => ended,
  );
});

test('the runner counts a file that does not load as a failure, and a skip without a reason as a problem', () => {
  const file = (status: string, ...tests: readonly (readonly [string, string])[]) => ({
    name: 'f',
    status,
    assertionResults: tests.map(([fullName, result]) => ({ fullName, status: result })),
  });
  const good = { success: true, testResults: [file('passed', ['a', 'passed'], ['b [skipped: no IPv6]', 'skipped'])] };
  expect(countTests(good, true)).toEqual({ passed: 1, failed: 0, skipped: 1, problems: [] });
  expect(countTests(good, false).problems).toEqual(['skipped, and should run: b [skipped: no IPv6]']);
  const bad = { success: false, testResults: [file('failed'), file('failed', ['c', 'failed'], ['d', 'pending'])] };
  expect(countTests(bad, true)).toEqual({
    passed: 0,
    failed: 2,
    skipped: 1,
    problems: ['2 tests failed', 'not one test ran', 'skipped, and should run: d'],
  });
});
