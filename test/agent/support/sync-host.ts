import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../support/until.ts';

export interface SyncRun {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: Buffer;
  readonly err: string;
}

export interface StartedRun {
  readonly child: ChildProcess;
  readonly ended: Promise<SyncRun>;
}

/** A machine with one mirror on it, and a command in sh that writes down what it does. */
export interface SyncHost {
  readonly folder: string;
  /** `sync WORDS` from its start to its end. */
  run(words: readonly string[], environment?: Readonly<Record<string, string>>): Promise<SyncRun>;
  start(words: readonly string[], environment?: Readonly<Record<string, string>>): StartedRun;
  /** `run -- sh -c SCRIPT` words, after these options. */
  running(script: string, ...options: readonly string[]): readonly string[];
  state(): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** What commands wrote with `note`. */
  journal(): Promise<readonly string[]>;
  untilNoted(line: string): Promise<void>;
  letGo(): Promise<void>;
  remove(): Promise<void>;
}

export async function syncHost(agent: string, url: string, settings: Readonly<Record<string, string>> = {}): Promise<SyncHost> {
  const folder = await mkdtemp(join(tmpdir(), 'mirrortide-sync-'));
  const at = (name: string): string => join(folder, name);
  await mkdir(at('state'));
  await writeFile(at('token'), 'mth~mirror-1~t1~secret\n');
  const service = { url, token_file: at('token'), backoff_seconds: '0.01', ...settings };
  await writeFile(
    at('sync.ini'),
    `[service]\n${Object.entries(service)
      .map(([key, value]) => `${key} = ${value}\n`)
      .join('')}[sync]\ncategory = fedora\n[run]\nstate_folder = ${at('state')}\n[log]\nfile = ${at('sync.log')}\n`,
  );
  const prelude = `note() { echo "$1" >> ${at('journal')}; }; hold() { while [ -d ${at('state')} ] && [ ! -e ${at('go')} ]; do sleep 0.02; done; }; `;
  const start: SyncHost['start'] = (words, environment = {}) => {
    const [command = '', ...rest] = words;
    const child = spawn(process.execPath, [agent, 'sync', command, '--config', at('sync.ini'), ...rest], {
      env: { PATH: process.env['PATH'] ?? '', ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    let err = '';
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => (err += String(chunk)));
    child.stdin?.on('error', () => {});
    const ended = new Promise<SyncRun>((resolve, reject) => {
      child.on('error', reject);
      const settle = (code: number | null, signal: string | null): void =>
        resolve({ code, signal, out: Buffer.concat(out), err });
      child.on('close', settle);
      // A command that outlives its run keeps the output open.
      child.on('exit', (code, signal) => {
        if (signal === 'SIGKILL') settle(code, signal);
      });
    });
    return { child, ended };
  };
  const journal = async (): Promise<readonly string[]> =>
    (await readFile(at('journal'), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  return {
    folder,
    start,
    run: (words, environment) => start(words, environment).ended,
    running: (script, ...options) => ['run', ...options, '--', 'sh', '-c', `${prelude}${script}`],
    state: async () => {
      const text = await readFile(at('state/mirror-1~fedora.json'), 'utf8').catch(() => undefined);
      return text === undefined ? undefined : (JSON.parse(text) as Record<string, unknown>);
    },
    journal,
    untilNoted: async (line) => void (await until(`"${line}"`, journal, (lines) => lines.includes(line))),
    letGo: () => writeFile(at('go'), ''),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
