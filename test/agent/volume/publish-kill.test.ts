import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AGENT_ENTRY, bundleAgent } from '../../../local/bundle-agent.ts';
import { type CountingProxy, countingProxy } from '../../support/counting-proxy.ts';
import { type EmulatorsInTest, useEmulators } from '../../support/emulators.ts';
import { runProgram } from '../../support/run-program.ts';
import { type VolumesApiServer, volumesApiServer } from '../../support/volumes-api-server.ts';
import { type VolumesSetup, volumesSetup } from '../../support/volumes-setup.ts';

const emulators = useEmulators();

const FILES = 60;
/** The documents of its tree: one shard and the root. */
const OBJECTS = FILES + 2;

let folder: string;
let program: string;
let proxy: CountingProxy;
let setup: VolumesSetup;
let server: VolumesApiServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-publish-kill-'));
  program = join(folder, 'mirrortide.mjs');
  await bundleAgent(AGENT_ENTRY, program);
  proxy = await countingProxy(emulators.endpoints().s3Endpoint);
  const counted: EmulatorsInTest = { ...emulators, s3: (config) => emulators.s3({ ...config, endpoint: proxy.url }) };
  setup = await volumesSetup(counted);
  server = await volumesApiServer(() => setup);
  await writeFile(join(folder, 'token'), 'ann');
  await mkdir(join(folder, 'temporary'));
  await mkdir(join(folder, 'tree'));
  for (let at = 0; at < FILES; at += 1) await writeFile(join(folder, 'tree', `file-${at}`), `content ${at}`);
});
afterAll(async () => {
  await server.close();
  await proxy.close();
  await rm(folder, { recursive: true, force: true });
});

const words = (): readonly string[] => [
  program,
  'publish',
  'tools',
  join(folder, 'tree'),
  '--json',
  ...['--server', server.url, '--token-file', join(folder, 'token'), '--concurrency', '4'],
];

/** Ends the program by a signal once so many objects were stored; the next upload hangs until then. */
const endedAfter = async (uploads: number, signal: NodeJS.Signals) => {
  const env = { ...process.env, TMPDIR: join(folder, 'temporary') };
  const child = spawn(process.execPath, [...words()], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let [puts, out] = [0, ''];
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  proxy.onRequest = (method) => {
    if (method !== 'PUT') return 'on';
    puts += 1;
    if (puts <= uploads) return 'on';
    // A second one would end it as if it had not been listening.
    if (puts === uploads + 1) child.kill(signal);
    return 'hold';
  };
  const [code, by] = await once(child, 'close');
  proxy.onRequest = () => 'on';
  return { code, by, out };
};

test('a publish that is killed anywhere goes on where it was, and sends nothing twice', { timeout: 60_000 }, async () => {
  expect(await endedAfter(11, 'SIGKILL')).toMatchObject({ by: 'SIGKILL' });
  const interrupted = await endedAfter(20, 'SIGINT');
  expect(JSON.parse(interrupted.out)).toMatchObject({ outcome: 'interrupted', exitCode: 130 });
  expect(interrupted.code).toBe(130);
  const before = proxy.counts['PUT'] ?? 0;
  const { exitCode, stdout } = await runProgram(process.execPath, [...words()], { env: { TMPDIR: join(folder, 'temporary') } });
  expect({ exitCode, stdout: JSON.parse(stdout) }).toMatchObject({
    exitCode: 0,
    stdout: { result: 'validated', objects: OBJECTS },
  });
  const { sent, present } = JSON.parse(stdout) as { sent: number; present: number };
  expect(sent + present).toBe(OBJECTS);
  // Up to four uploads were under way at each end; whether those were stored, only the store knows.
  expect(present).toBeGreaterThanOrEqual(11 + 20 - 8);
  expect((proxy.counts['PUT'] ?? 0) - before).toBe(sent);
});

test('an interrupted publish leaves nothing behind, a killed one only its folder', async () => {
  expect(await readdir(join(folder, 'temporary'))).toHaveLength(1);
});
