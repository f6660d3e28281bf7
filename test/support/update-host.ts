import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Where hosts that share a lock meet: the directory `inside` is there while one of them is in its update. */
export interface MeetingPlace {
  readonly folder: string;
}

export interface UpdateHost {
  readonly name: string;
  readonly folder: string;
  /** `mirrortide update WORDS`, from its start to its end. */
  run(...words: readonly string[]): Promise<AgentEnd>;
  /** The same, to be looked at while it runs. */
  start(...words: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<AgentEnd> };
  /** Like a host under a timer and an after-reboot unit: runs, reboots as asked, runs again, until a run ends otherwise. */
  throughReboots(...words: readonly string[]): Promise<AgentEnd>;
  /** Takes effect when a reboot was asked for; whether one was. */
  reboot(): Promise<boolean>;
  /** From now on its package source has this version. */
  offer(version: string): Promise<void>;
  /** Makes `update.d/50-install` fail, or not. */
  breakInstall(broken: boolean): Promise<void>;
  /** Makes `update.d/50-install` wait, and lets it go on. */
  hold(): Promise<void>;
  letGo(): Promise<void>;
  installed(): Promise<string>;
  hasState(): Promise<boolean>;
}

export interface AgentEnd {
  readonly code: number | null;
  readonly output: string;
}

export interface UpdateHostOptions {
  readonly name: string;
  readonly folder: string;
  readonly place: MeetingPlace;
  /** The agent as one file, and the Node that runs it. */
  readonly agent: string;
  readonly node: string;
  readonly url: string;
  readonly lock: string;
  readonly token: string;
}

/** Scripts as an operator would write them; two of them watch that nobody else is between `enter` and `leave`. */
const scriptsOf = ({ folder, name, place }: UpdateHostOptions): Readonly<Record<string, string>> => ({
  'needs_update.d/10-version': 'cmp -s offered installed && exit 0\nexit 100',
  'pre_update.d/10-enter':
    `mkdir ${place.folder}/inside || { echo "two: ${name}" >> ${place.folder}/journal; exit 1; }\n` +
    `echo "enter ${name} $MIRRORTIDE_FENCE" >> ${place.folder}/journal`,
  'update.d/50-install':
    'touch installing\nwhile [ -e hold ]; do sleep 0.05; done\n[ ! -e broken ] || { echo "no space left"; exit 7; }\ncp offered installed',
  'needs_reboot.d/10-kernel': 'cmp -s installed running && exit 0\nexit 1',
  'post_update.d/10-check': 'cmp -s installed running',
  'post_update.d/90-leave': `rmdir ${place.folder}/inside && echo "leave ${name} $MIRRORTIDE_FENCE" >> ${place.folder}/journal`,
  'reboot-command': `touch ${folder}/reboot-wanted`,
});

const configOf = (options: UpdateHostOptions): string => `[service]
url = ${options.url}
lock = ${options.lock}
token = ${options.token}
attempts = 3
connect_seconds = 2
total_seconds = 20
backoff_seconds = 0.1

[scripts]
base = ${options.folder}

[reboot]
command = ${options.folder}/reboot-command
boot_id_file = ${options.folder}/boot_id

[run]
state = ${options.folder}/state.json
lock_file = ${options.folder}/agent.lock

[log]
file = ${options.folder}/update.log
`;

const startAgent = (options: UpdateHostOptions, words: readonly string[]) => {
  const child = spawn(options.agent, ['update', ...words, '--config', join(options.folder, 'update.ini')], {
    env: { PATH: `${dirname(options.node)}:/usr/sbin:/usr/bin:/sbin:/bin` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = once(child, 'close').then(([code]): AgentEnd => ({ code: code as number | null, output }));
  return { child, ended };
};

const textOf = (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(() => undefined);

/** A host that runs the real agent with real scripts; its boot id is a file, so that it can be rebooted. */
export async function updateHost(options: UpdateHostOptions): Promise<UpdateHost> {
  const at = (name: string): string => join(options.folder, name);
  for (const [path, body] of Object.entries(scriptsOf(options))) {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(at(path), `#!/bin/sh\ncd ${options.folder} || exit 9\n${body}\n`);
    await chmod(at(path), 0o755);
  }
  await writeFile(at('update.ini'), configOf(options));
  await writeFile(at('boot_id'), 'boot-1\n');
  for (const file of ['offered', 'installed', 'running']) await writeFile(at(file), '1\n');
  let boots = 1;
  const run = (...words: readonly string[]): Promise<AgentEnd> => startAgent(options, words).ended;
  const reboot = async (): Promise<boolean> => {
    if ((await textOf(at('reboot-wanted'))) === undefined) return false;
    boots += 1;
    await rm(at('reboot-wanted'));
    await writeFile(at('running'), await readFile(at('installed')));
    await writeFile(at('boot_id'), `boot-${boots}\n`);
    return true;
  };
  return {
    name: options.name,
    folder: options.folder,
    run,
    start: (...words) => startAgent(options, words),
    throughReboots: async (...words) => {
      let end = await run('run', ...words);
      while (await reboot()) end = await run('run', '--after-reboot');
      return end;
    },
    reboot,
    offer: (version) => writeFile(at('offered'), `${version}\n`),
    breakInstall: (broken) => (broken ? writeFile(at('broken'), '') : rm(at('broken'))),
    hold: async () => {
      await rm(at('installing'), { force: true });
      await writeFile(at('hold'), '');
    },
    letGo: () => rm(at('hold')),
    installed: async () => ((await textOf(at('installed'))) ?? '').trim(),
    hasState: async () => (await textOf(at('state.json'))) !== undefined,
  };
}
