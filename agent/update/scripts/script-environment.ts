import { hostname, userInfo } from 'node:os';
import type { UpdateConfig } from '../config/update-config.ts';
import type { UpdateState } from '../state/update-state.ts';

/** Root's own path: cron's and systemd's differ from host to host. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Names one start of one script; survivors of a killed run are known by it. */
export const stepName = (state: UpdateState, script: string, starts: number): string =>
  `${state.runId}/${state.task}/${script}/${starts}`;

/** What a script sees. DLM_ENGINE_UPDATER_* are the names that scripts of that updater know. */
export function scriptEnvironment(
  config: UpdateConfig,
  state: UpdateState,
  step: string,
  inherited: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const passed: Record<string, string> = {};
  for (const name of config.passEnvironment) {
    const value = inherited[name];
    if (value !== undefined) passed[name] = value;
  }
  const { username, homedir } = userInfo();
  return {
    ...passed,
    PATH,
    USER: username,
    LOGNAME: username,
    HOME: homedir,
    DLM_ENGINE_UPDATER_LOCK_NAME: state.lock,
    DLM_ENGINE_UPDATER_PHASE: state.task,
    MIRRORTIDE_LOCK: state.lock,
    MIRRORTIDE_FENCE: state.fence === undefined ? '' : String(state.fence),
    MIRRORTIDE_HOST: hostname(),
    MIRRORTIDE_PHASE: state.task,
    MIRRORTIDE_STEP: step,
    MIRRORTIDE_RUN_ID: state.runId,
  };
}
