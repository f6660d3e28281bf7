import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from './until.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface MirrortideProcess {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Everything it printed so far, both streams. */
  output(): string;
  /** Body and status of a GET, as a client whose place `client` says: `203.0.113.9,country=DE`. */
  get(path: string, client?: string): Promise<{ readonly status: number; readonly body: string; readonly headers: Headers }>;
  /** Interrupts as Ctrl-C does and waits for the end; the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL of the program, as a crash of the machine would end it, and waits until all that it started is gone. */
  kill(): Promise<void>;
}

const untilReady = (child: ChildProcess, lines: string[], timeoutMs: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${why}; it printed:\n${lines.join('\n')}`));
    const timer = setTimeout(() => fail(`not ready within ${timeoutMs} ms`), timeoutMs);
    const read = (line: string): void => {
      lines.push(line);
      const ready = /^ready (http:\/\/\S+)$/.exec(line);
      if (ready?.[1] === undefined) return;
      clearTimeout(timer);
      resolve(ready[1]);
    };
    for (const stream of [child.stdout, child.stderr]) if (stream !== null) createInterface({ input: stream }).on('line', read);
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(`it ended with ${code} before it was ready`);
    });
  });

/** As Linux knows them; a process that is gone has none. */
const childrenOf = async (pid: number | undefined): Promise<number[]> => {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').flatMap((word) => (word === '' ? [] : [Number(word)]));
};

const descendantsOf = async (pid: number | undefined): Promise<number[]> => {
  const children = await childrenOf(pid);
  return [...children, ...(await Promise.all(children.map(descendantsOf))).flat()];
};

/** A zombie, which only waits to be noticed, is not. */
const isAlive = async (pid: number): Promise<boolean> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) Z /.test(stat);
};

/** `npm start -- ARGS` as a person would run it, until its line `ready …`. */
export const startMirrortide = async (args: readonly string[], timeoutMs = 120_000): Promise<MirrortideProcess> => {
  const child = spawn(process.execPath, ['local/bootstrap.mjs', 'start', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const url = await untilReady(child, lines, timeoutMs).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  return {
    url,
    output: () => lines.join('\n'),
    get: async (path, client) => {
      const response = await fetch(`${url}${path}`, {
        headers: client === undefined ? {} : { 'mirrortide-client': client },
        redirect: 'manual',
      });
      return { status: response.status, body: await response.text(), headers: response.headers };
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      await ended;
      return child.exitCode;
    },
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const family = await descendantsOf(child.pid);
      const ended = once(child, 'exit');
      for (const pid of [...(await childrenOf(child.pid)), child.pid]) if (pid !== undefined) process.kill(pid, 'SIGKILL');
      await ended;
      await until(
        'the end of all that it started',
        async () => (await Promise.all(family.map(isAlive))).filter((alive) => alive).length,
        (left) => left === 0,
      );
    },
  };
};
