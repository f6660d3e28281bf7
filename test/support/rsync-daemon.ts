import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface RsyncDaemonOptions {
  /** `options` are lines of rsyncd.conf(5), e.g. { 'max connections': '1' }; default: read only, no chroot, uid of the caller. */
  readonly modules: Record<string, { readonly path: string; readonly options?: Record<string, string> }>;
  readonly globals?: Record<string, string>;
  readonly port?: number;
  readonly address?: string;
}

export interface RsyncDaemon {
  readonly port: number;
  url(module: string): string;
  /** What the daemon wrote to its log so far. */
  log(): Promise<string>;
  stop(): Promise<void>;
}

/** Fails, never skips: a suite without its real peer proves nothing. */
export const requireRsync = (): void => {
  if (spawnSync('rsync', ['--version']).status !== 0) {
    throw new Error('the rsync program is missing: install the Debian package `rsync` (apt-get install rsync)');
  }
};

const freePort = async (address: string): Promise<number> => {
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  const found = server.address();
  server.close();
  await once(server, 'close');
  if (found === null || typeof found === 'string') throw new Error('no port');
  return found.port;
};

const lines = (options: Record<string, string>): string[] => Object.entries(options).map(([key, value]) => `${key} = ${value}`);

const configuration = (options: RsyncDaemonOptions, folder: string): string => {
  const { uid, gid } = { uid: process.getuid?.(), gid: process.getgid?.() };
  const globals = {
    'use chroot': 'no',
    'log file': join(folder, 'log'),
    'lock file': join(folder, 'lock'),
    'reverse lookup': 'no',
    // Without these a daemon started by root reads as nobody, which temporary folders do not allow.
    ...(uid === undefined ? {} : { uid: `${uid}`, gid: `${gid}` }),
    ...options.globals,
  };
  const modules = Object.entries(options.modules).flatMap(([name, module]) => [
    `[${name}]`,
    ...lines({ path: module.path, 'read only': 'yes', ...module.options }),
  ]);
  return [...lines(globals), ...modules, ''].join('\n');
};

const answers = (port: number, address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: address });
    const finish = (ok: boolean): void => {
      socket.destroy();
      resolve(ok);
    };
    socket.setTimeout(2_000, () => finish(false));
    socket.once('data', (data) => finish(data.subarray(0, 8).toString() === '@RSYNCD:'));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
  });

const exited = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** True when the daemon greets, false when it ended first (most likely somebody else took the port). */
const ready = async (child: ChildProcess, port: number, address: string): Promise<boolean> => {
  const until = Date.now() + 30_000;
  while (Date.now() < until && !exited(child)) {
    if (await answers(port, address)) return !exited(child);
    await delay(20);
  }
  return false;
};

/** The group, since each connection has a process of its own. */
const endGroup = async (child: ChildProcess): Promise<void> => {
  const gone = exited(child) ? Promise.resolve() : once(child, 'exit');
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  await gone;
};

/** Starts a real rsync daemon, on a free port of the loopback unless told otherwise, and waits until it greets. */
export const startRsyncDaemon = async (options: RsyncDaemonOptions): Promise<RsyncDaemon> => {
  requireRsync();
  const address = options.address ?? '127.0.0.1';
  const folder = await mkdtemp(join(tmpdir(), 'mirrortide-rsyncd-'));
  const config = join(folder, 'rsyncd.conf');
  await writeFile(config, configuration(options, folder));
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const port = options.port ?? (await freePort(address));
    const argv = ['--daemon', '--no-detach', `--config=${config}`, `--port=${port}`, `--address=${address}`];
    // stdin must not be a socket: rsync would take itself for an inetd service.
    const child = spawn('rsync', argv, { stdio: 'ignore', detached: true });
    if (await ready(child, port, address)) {
      const stop = async (): Promise<void> => {
        await endGroup(child);
        await rm(folder, { recursive: true, force: true });
      };
      const host = address.includes(':') ? `[${address}]` : address;
      const log = (): Promise<string> => readFile(join(folder, 'log'), 'utf8');
      return { port, url: (module) => `rsync://${host}:${port}/${module}/`, log, stop };
    }
    await endGroup(child);
  }
  const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '(no log)');
  await rm(folder, { recursive: true, force: true });
  throw new Error(`rsync --daemon did not start: ${log}`);
};
