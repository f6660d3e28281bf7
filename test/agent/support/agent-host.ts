import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { UpdateState } from '../../../agent/update/state/update-state.ts';
import { bundleAgent } from '../../../local/bundle-agent.ts';

/** Bundled once per test file: a process starts twice as fast from one file as from sources. */
export async function killableAgent(): Promise<{ readonly file: string; readonly remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'mirrortide-agent-'));
  const file = join(folder, 'agent.mjs');
  await bundleAgent(fileURLToPath(new URL('killable-agent.ts', import.meta.url)), file);
  return { file, remove: () => rm(folder, { recursive: true, force: true }) };
}

export interface AgentRun {
  readonly code: number | null;
  readonly signal: string | null;
  readonly output: string;
}

export interface AgentHost {
  readonly folder: string;
  readonly configFile: string;
  readonly run: (args?: readonly string[], environment?: Readonly<Record<string, string>>) => Promise<AgentRun>;
  readonly state: () => Promise<UpdateState | undefined>;
  readonly journal: () => Promise<readonly string[]>;
  readonly script: (path: string, exitCode?: number) => Promise<void>;
  /** Ends the agent, and perhaps the script, when this script runs next. */
  readonly planKill: (path: string, plan: 'begin' | 'end' | 'survive') => Promise<void>;
  readonly letGo: () => Promise<void>;
  readonly reboot: () => Promise<void>;
  readonly remove: () => Promise<void>;
}

export const WORKFLOW_SCRIPTS: readonly (readonly [string, number])[] = [
  ['needs_update.d/10-no', 0],
  ['needs_update.d/20-yes', 100],
  ['needs_update.d/30-not-asked', 0],
  ['pre_update.d/10-drain', 0],
  ['pre_update.d/20-stop', 0],
  ['update.d/10-a', 0],
  ['update.d/20-b', 0],
  ['update.d/30-c', 0],
  ['needs_reboot.d/10-no', 0],
  ['needs_reboot.d/20-yes', 1],
  ['post_update.d/10-start', 0],
  ['post_update.d/20-check', 0],
];

export interface HostOptions {
  readonly agent: string;
  readonly url: string;
  readonly name?: string;
  readonly scripts?: readonly (readonly [string, number])[];
  /** More lines of the configuration, with their section headers. */
  readonly extra?: Readonly<Record<string, string>>;
}

export async function agentHost(options: HostOptions): Promise<AgentHost> {
  const folder = await mkdtemp(join(tmpdir(), 'mirrortide-host-'));
  const at = (name: string): string => join(folder, name);
  let boots = 1;
  const script = (path: string, exitCode = 0): Promise<void> => writeScript(folder, path, exitCode);
  for (const name of ['needs_update', 'pre_update', 'update', 'needs_reboot', 'post_update', 'kill'])
    await mkdir(at(name === 'kill' ? name : `${name}.d`));
  for (const [path, exitCode] of options.scripts ?? WORKFLOW_SCRIPTS) await script(path, exitCode);
  await script('reboot-command');
  await writeFile(at('boot_id'), `boot-${boots}\n`);
  const sections: Record<string, string> = {
    service: `url = ${options.url}\nlock = update\ntoken = ${options.name ?? 'host-1'}\nbackoff_seconds = 0.01\n`,
    scripts: `base = ${folder}\n`,
    reboot: `command = ${at('reboot-command')}\nboot_id_file = ${at('boot_id')}\n`,
    run: `state = ${at('state.json')}\nlock_file = ${at('agent.lock')}\n`,
    log: `file = ${at('update.log')}\n`,
  };
  for (const [section, lines] of Object.entries(options.extra ?? {})) sections[section] = `${sections[section] ?? ''}${lines}\n`;
  const configFile = at('update.ini');
  await writeFile(
    configFile,
    Object.entries(sections)
      .map(([name, lines]) => `[${name}]\n${lines}`)
      .join('\n'),
  );
  return {
    folder,
    configFile,
    run: (args = ['run'], environment = {}) => runAgent(options.agent, ['update', ...args, '--config', configFile], environment),
    state: async () => {
      const text = await readFile(at('state.json'), 'utf8').catch(() => undefined);
      return text === undefined ? undefined : (JSON.parse(text) as UpdateState);
    },
    journal: async () => (await readFile(at('journal'), 'utf8').catch(() => '')).split('\n').filter((line) => line !== ''),
    script,
    planKill: (path, plan) => writeFile(at(`kill/${path.replace('/', '-')}`), `${plan}\n`),
    letGo: () => writeFile(at('kill/let-go'), ''),
    reboot: async () => {
      boots += 1;
      await writeFile(at('boot_id'), `boot-${boots}\n`);
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function writeScript(folder: string, path: string, exitCode: number): Promise<void> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  const plan = join(folder, 'kill', path.replace('/', '-'));
  const journal = join(folder, 'journal');
  await writeFile(
    file,
    `#!/bin/sh
plan=none
[ -e ${plan} ] && read -r plan < ${plan} && rm -f ${plan}
echo "begin ${path} $MIRRORTIDE_FENCE" >> ${journal}
[ "$plan" = begin ] && { kill -9 $PPID; kill -9 $$; }
[ "$plan" = survive ] && { kill -9 $PPID; while [ ! -e ${folder}/kill/let-go ]; do sleep 0.02; done; }
echo "output of ${path}"
echo "end ${path} $MIRRORTIDE_FENCE" >> ${journal}
[ "$plan" = end ] && kill -9 $PPID
exit ${exitCode}
`,
  );
  await chmod(file, 0o755);
}

function runAgent(agent: string, args: readonly string[], environment: Readonly<Record<string, string>>): Promise<AgentRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [agent, ...args], {
      env: { PATH: process.env['PATH'] ?? '', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    child.stderr.on('data', (chunk) => (output += String(chunk)));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, output }));
  });
}
