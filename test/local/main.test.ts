import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseOptions } from '../../local/options.ts';
import { until } from '../support/until.ts';

const MAIN = fileURLToPath(new URL('../../local/main.ts', import.meta.url));

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

let folder: string;
const started: Running[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-main-'));
});
afterEach(async () => {
  for (const { child, ended } of started.splice(0)) {
    child.kill('SIGKILL');
    await ended;
  }
  await rm(folder, { recursive: true, force: true });
});

function start(...args: readonly string[]): Running {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, TMPDIR: folder, MIRRORTIDE_CWD: folder, MIRRORTIDE_PARENT_PID: '' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const running = { child, output: () => output, ended: once(child, 'exit').then(([code]) => code as number | null) };
  started.push(running);
  return running;
}

async function ready({ output, child }: Running): Promise<string> {
  await until(
    'ready',
    async () => output(),
    (text) => /^ready /m.test(text) || child.exitCode !== null,
    100_000,
  );
  const lines = output()
    .split('\n')
    .filter((line) => line.startsWith('ready '));
  expect(lines, output()).toHaveLength(1);
  return lines[0]?.slice('ready '.length) ?? '';
}

/** Processes of this system whose command line or environment names our temporary directory, or that stem from `pid`. */
async function childrenOf(pid: number | undefined): Promise<readonly string[]> {
  const left: string[] = [];
  for (const name of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const environment = await readFile(`/proc/${name}/environ`, 'utf8').catch(() => '');
    if (environment.includes(`TMPDIR=${folder}`) && Number(name) !== pid) left.push(name);
  }
  return left;
}

const mirrorHosts = (list: string): string[] => [...list.matchAll(/^http:\/\/([^:/]+)/gm)].map(([, host]) => host ?? '').sort();

describe('the sample network', () => {
  test('answers, follows what is typed, and leaves nothing behind after Ctrl-C', async () => {
    const running = start('--port', '0', '--trust-client-header');
    const url = await ready(running);
    const get = async (path: string, headers = {}) => (await fetch(`${url}${path}`, { headers, redirect: 'manual' })).text();
    const list = '/mirrorlist?repo=fedora-41&arch=x86_64';
    expect(mirrorHosts(await get(list))).toEqual(['127.0.0.2', '127.0.0.3']);
    expect(await get('/metalink?repo=fedora-41&arch=x86_64')).toContain('<hash type="sha256">');
    expect(mirrorHosts(await get('/mirrorlist?repo=debian-stable&arch=amd64'))).toEqual(['127.0.0.2', '127.0.0.3']);
    const first = async (country: string) =>
      mirrorHosts(
        (await get(list, { 'mirrortide-client': `203.0.113.9,country=${country}` })).split('\n').slice(0, 2).join('\n'),
      );
    expect([await first('US'), await first('DE')]).toEqual([['127.0.0.3'], ['127.0.0.2']]);
    expect(await get('/')).toContain('good-de.mirrors.invalid');
    const explained = JSON.parse(await get('/explain?repo=fedora-41&arch=x86_64')) as {
      accepted: unknown[];
      excluded: unknown[];
    };
    expect([explained.accepted.length, explained.excluded.length]).toEqual([2, 3]);

    running.child.stdin.write('c\n');
    await until(
      'the stale mirror returned',
      () => get(list),
      (text) => mirrorHosts(text).includes('127.0.0.4'),
    );

    expect((await childrenOf(running.child.pid)).length).toBeGreaterThan(0);
    running.child.kill('SIGINT');
    expect(await running.ended).toBe(0);
    expect(await childrenOf(undefined)).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('killed outright, it takes its emulators with it', async () => {
    const running = start('--port', '0');
    await ready(running);
    running.child.kill('SIGKILL');
    await running.ended;
    await until(
      'its children ended',
      () => childrenOf(undefined),
      (left) => left.length === 0,
    );
  });

  test('--once publishes, prints the table, writes the snapshot and leaves with 0; --data keeps the state for the next run', async () => {
    const data = join(folder, 'data');
    const first = start('--once', '--data', data);
    expect(await first.ended, first.output()).toBe(0);
    expect(first.output()).toMatch(/good-de\.mirrors\.invalid +DE +fedora-linux +http +current/);
    expect(first.output()).toMatch(/stale-fr\.mirrors\.invalid +FR +fedora-linux +http +stale/);
    const file = /^snapshot 1: (\S+) /m.exec(first.output())?.[1] ?? '';
    expect(existsSync(file)).toBe(true);
    const second = start('--once', '--data', data, '--json');
    expect(await second.ended, second.output()).toBe(0);
    const rows = second
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { standing: string });
    expect(rows.filter(({ standing }) => standing === 'current')).toHaveLength(4);
    // The second run found what the first one stored: its scans had nothing to publish.
    const log = (await readFile(join(data, 'functions.log'), 'utf8')).split('\n');
    const scans = log.filter((line) => line.startsWith('scan-master') && line.includes('run ended'));
    expect(scans.map((line) => /"outcome":\{[^}]*\}/.exec(line)?.[0])).toEqual([
      '"outcome":{"fedora-linux":"published"}',
      '"outcome":{"debian":"published"}',
      '"outcome":{"fedora-linux":"unchanged"}',
      '"outcome":{"debian":"unchanged"}',
    ]);
  });
});

describe('what goes wrong is said, with an exit code', () => {
  test('a port in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const running = start('--port', String(port));
    expect(await running.ended).toBe(1);
    expect(running.output()).toContain(`mirrortide: port ${port} on 127.0.0.1 is in use`);
    server.close();
  });

  test('a network file that is wrong, or is not there', async () => {
    const file = join(folder, 'network.yaml');
    await writeFile(file, 'network:\n  name: X\n  contact: x@example.org\nhosts: []\ncategoires: []\n');
    const wrong = start('--network', file);
    expect(await wrong.ended).toBe(1);
    expect(wrong.output()).toContain(`${file}:5:1`);
    const absent = start('--network', join(folder, 'none.yaml'), '--once');
    expect(await absent.ended).toBe(1);
    expect(absent.output()).toContain('there is no such file');
  });

  test('a master that is not there: nothing is published, --once leaves with a reason', async () => {
    const file = join(folder, 'network.yaml');
    const text = `network: { name: X, contact: x@example.org }
categories: [{ id: c, master: ${join(folder, 'nowhere')}, rules: [] }]
hosts: [{ id: h.example.org, country: DE, carries: [{ category: c, urls: ['http://h.invalid/c'] }] }]
`;
    await writeFile(file, text);
    const running = start('--network', file, '--once');
    expect(await running.ended).toBe(1);
    expect(running.output()).toMatch(/the master of c was not scanned|scanning c:/);
  });

  test('the command line', async () => {
    const running = start('--prot', '1');
    expect(await running.ended).toBe(2);
    expect(running.output()).toContain("Unknown option '--prot'");
    expect(parseOptions(['--port', '99999'], '/')).toEqual({
      kind: 'wrong',
      problem: '--port must be a number from 0 to 65535, not "99999"',
    });
    expect(parseOptions(['--network', 'a.yaml', '--geo', 'b', '--geo', '/c'], '/here')).toMatchObject({
      options: { network: '/here/a.yaml', geo: ['/here/b', '/c'], port: 8080, once: false, trustClientHeader: false },
    });
    expect(parseOptions(['--help'], '/')).toEqual({ kind: 'help' });
  });
});
