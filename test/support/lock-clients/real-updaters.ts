import { execFile } from 'node:child_process';
import { access, chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../../node_modules/.cache/lock-clients', import.meta.url));

export const REAL_UPDATERS = ['foreman_dlm_updater==0.0.2', 'DLMEngineUpdater==1.0.2', 'DLMEngineUpdater==0.3.0'] as const;
export type RealUpdater = (typeof REAL_UPDATERS)[number];

const INSTALL_MS = 120_000;
const RUN_MS = 120_000;

const venvOf = (updater: RealUpdater): string => join(cache, updater);
const programOf = (updater: RealUpdater): string =>
  join(venvOf(updater), 'bin', updater.startsWith('foreman') ? 'foreman_dlm_updater' : 'dlm_engine_updater');

/** Installs it where it stays between runs; undefined when it is there, else why it cannot be had. */
export const installUpdater = async (updater: RealUpdater): Promise<string | undefined> => {
  try {
    await access(programOf(updater));
    return undefined;
  } catch {
    // Not installed yet.
  }
  try {
    await run('python3', ['-m', 'venv', venvOf(updater)], { timeout: INSTALL_MS });
    await run(join(venvOf(updater), 'bin', 'pip'), ['install', '--quiet', updater], { timeout: INSTALL_MS });
    await access(programOf(updater));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, 300) : String(error);
  }
};

/** Time runs faster, and every simulated machine has a name of its own; the clients themselves are as published. */
const SITE = `import os, socket, time
_sleep = time.sleep
time.sleep = lambda seconds: _sleep(seconds * float(os.environ["SECONDS_PER_SECOND"]))
socket.getfqdn = lambda *_: os.environ["HOST_NAME"]
`;

export interface RealHost {
  readonly updater: RealUpdater;
  readonly name: string;
  readonly folder: string;
  readonly server: string;
  readonly lock: string;
  /** Shell lines of its one script in update.d. */
  readonly update: string;
}

const DIRECTORIES = [
  'needs_update.d',
  'pre_update.d',
  'update.d',
  'needs_reboot.d',
  'post_update.d',
  'ext_notify.d',
  'on_failure.d',
];

const configOf = ({ updater, folder, server, lock }: RealHost): string => {
  if (updater === 'DLMEngineUpdater==1.0.2') {
    return `main_api_endpoint=${server}/dlmengine/api/v2/
main_api_lockname=${lock}
main_api_secret=one for all hosts
main_api_secretid=updaters
main_basedir=${folder}
main_log_file=${folder}/log
main_wait=true
`;
  }
  const directories = DIRECTORIES.map((name) => `${name} = ${folder}/${name}`).join('\n');
  const common = `[main]
lock = ${folder}/lock
state = ${folder}/state
log = ${folder}/log
lock_name = ${lock}
reboot_cmd = /bin/true
${directories}
`;
  return updater.startsWith('foreman')
    ? `${common}logretention = 1\nloglevel = DEBUG\nforeman_url = ${server}\nclient_crt = ${folder}/crt\nclient_key = ${folder}/key\n`
    : `${common}log_retention = 1\nlog_level = DEBUG\nendpoint = ${server}/dlmengine\nsecret = one for all hosts\nsecret_id = updaters\nwait = true\n`;
};

const script = async (path: string, lines: string): Promise<void> => {
  await writeFile(path, `#!/bin/sh\n${lines}\n`);
  await chmod(path, 0o755);
};

/** One machine with a published client on it. `run` is one run of the client: its exit code. */
export const realHost = async (host: RealHost): Promise<{ run(): Promise<number> }> => {
  const { folder, updater, name } = host;
  for (const directory of [...DIRECTORIES, 'site']) await mkdir(join(folder, directory), { recursive: true });
  await script(join(folder, 'needs_update.d', '10-check'), `test -e ${folder}/updated`);
  await script(join(folder, 'update.d', '10-update'), `${host.update}\ntouch ${folder}/updated`);
  await script(join(folder, 'needs_reboot.d', '10-no'), 'exit 0');
  await writeFile(join(folder, 'site', 'sitecustomize.py'), SITE);
  // requests wants the files of the certificate to be there, also where it does not need them.
  for (const unused of ['crt', 'key']) await writeFile(join(folder, unused), '');
  const config = join(folder, 'config');
  await writeFile(config, configOf(host));
  return {
    run: () =>
      run(programOf(updater), ['--cfg', config], {
        timeout: RUN_MS,
        env: {
          PATH: '/usr/local/bin:/usr/bin:/bin',
          PYTHONPATH: join(folder, 'site'),
          SECONDS_PER_SECOND: '0.02',
          HOST_NAME: name,
        },
      }).then(
        () => 0,
        (error: { code?: unknown }) => (typeof error.code === 'number' ? error.code : -1),
      ),
  };
};
