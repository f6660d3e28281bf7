import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../local/emulators/free-port.ts';
import { type MirrortideProcess, startMirrortide } from '../support/mirrortide-process.ts';

/** docs/administration.md, typed by its reader: its blocks in their order in one shell, on the sample network. */
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Loops of the page wait for what may never come; what was printed until then says why. */
const TYPED_WITHIN_MS = 200_000;

let folder: string;
let tide: MirrortideProcess;
let shell: ChildProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-administration-'));
  tide = await startMirrortide(['--port', '0', '--data', join(folder, 'demo')]);
});

afterAll(async () => {
  // The page leaves a server running in the background of its shell.
  if (shell?.pid !== undefined) process.kill(-shell.pid, 'SIGKILL');
  await tide?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What the reader types in the second terminal; the first block is the first terminal's. */
const scriptOf = (page: string, port: number): string => {
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block);
  return blocks
    .slice(1)
    .join('\necho "=== next"\n')
    .replace('http://127.0.0.1:8080', tide.url)
    .replaceAll(':9009', `:${port}`)
    .replace('http.server 9009', `http.server ${port}`)
    .replace('npm run build:agent', `(cd ${root} && npm run --silent build:agent)`)
    .replace('dist/mirrortide.mjs', join(root, 'dist/mirrortide.mjs'));
};

const typed = (script: string): Promise<{ readonly code: number | null; readonly output: string }> =>
  new Promise((resolve) => {
    const env = { ...process.env, XDG_STATE_HOME: join(folder, 'state') };
    shell = spawn('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: folder,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [shell.stdout, shell.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
    const limit = setTimeout(() => shell.kill('SIGKILL'), TYPED_WITHIN_MS);
    shell.once('exit', (code) => {
      clearTimeout(limit);
      resolve({ code, output });
    });
  });

it('takes a mirror from its declaration into the answers, through a synchronisation and out again', async () => {
  const port = await freePort();
  const { code, output } = await typed(scriptOf(await readFile(join(root, 'docs/administration.md'), 'utf8'), port));
  expect(code, output).toBe(0);
  const [me = '', declared = '', refused = '', proof = '', listed = '', checkedIn = '', sync = '', audit = ''] =
    output.split('=== next\n');
  expect(me).toContain('{"user":"alice","role":"site-admin","sites":["university"],"mayCreateSites":true}');
  expect(declared).toContain('"pending":true');
  expect(refused).toContain('\\"XX\\" is not a country');
  expect(proof.trim().split('\n').at(-1)).toContain('{"state":"proved","names":[]}');
  expect(listed).toContain(`http://127.0.0.9:${port}/fedora/linux/`);
  expect(checkedIn).toMatch(/"id":"fedora-linux","result":"(?:probing|too_soon)"/);
  expect(sync).toContain('IN_SERVICE');
  const { items } = JSON.parse(audit.split('\n')[0] ?? '') as { items: readonly { operation: string; by: string }[] };
  expect(items.map(({ operation, by }) => `${operation} ${by}`)).toEqual([
    'token.issue user:alice',
    'proof user:alice',
    'create user:alice',
  ]);
});
