import { join } from 'node:path';
import type { ServiceAccess } from '../../service/service-access.ts';
import { BOOT_ID_FILE, baseUrl, commandWords, lockName, SECOND_MS } from './common-config.ts';
import { ConfigProblem } from './config-problem.ts';
import { parseDateConstraint } from './date-constraint.ts';
import type { IniFile } from './parse-ini.ts';
import { type Settings, settings } from './settings.ts';
import type { ServiceConfig, UpdateConfig } from './update-config.ts';

const MEBIBYTE = 1 << 20;
const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 86_400;
const YEAR_SECONDS = 366 * DAY_SECONDS;

/** Where things are for root and for everybody else. */
export interface Places {
  readonly configFolder: string;
  readonly stateFolder: string;
  readonly logFile: string;
}

/** Our own file: sections [service] [scripts] [reboot] [run] [log]. A key that is none of ours is refused: it is a typing error. */
export function ownConfig(ini: IniFile, file: string, places: Places): UpdateConfig {
  const values = new Map<string, string>();
  for (const [section, keys] of ini) for (const [key, value] of keys) values.set(`[${section}] ${key}`, value);
  const from = settings(values);
  const scripts = from.text('[scripts] base') ?? places.configFolder;
  const config: UpdateConfig = {
    format: 'mirrortide',
    file,
    service: ownService(from),
    folders: ownFolders(from, scripts),
    rebootCommand: commandWords(from.text('[reboot] command') ?? '/sbin/shutdown -r +1'),
    rebootRetryMs: from.decimal('[reboot] retry_seconds', HOUR_SECONDS / 4, 0, DAY_SECONDS) * SECOND_MS,
    bootIdFile: from.text('[reboot] boot_id_file') ?? BOOT_ID_FILE,
    stateFile: from.text('[run] state') ?? join(places.stateFolder, 'update.json'),
    seedStateFile: undefined,
    agentLockFile: from.text('[run] lock_file') ?? join(places.stateFolder, 'update.lock'),
    log: {
      file: from.text('[log] file') ?? places.logFile,
      level: from.oneOf('[log] level', ['debug', 'info', 'warning', 'error'], 'info'),
      retentionDays: from.whole('[log] retention_days', 14, 0, 3_650),
      maxBytes: from.whole('[log] max_mebibytes', 64, 1, 10_240) * MEBIBYTE,
    },
    scriptLimitMs: from.decimal('[scripts] limit_seconds', 4 * HOUR_SECONDS, 0.01, 30 * DAY_SECONDS) * SECOND_MS,
    interrupted: from.oneOf('[scripts] interrupted', ['rerun', 'skip', 'ask'], 'rerun'),
    afterFailure: from.oneOf('[scripts] after_failure', ['stop', 'retry'], 'stop'),
    checkCodes: from.oneOf('[scripts] check_codes', ['nonzero', '100'], 'nonzero'),
    passEnvironment: from.list('[scripts] pass_environment'),
    wait: from.yesNo('[run] wait', true),
    waitMaxMs: from.decimal('[run] wait_max_seconds', DAY_SECONDS, 0, YEAR_SECONDS) * SECOND_MS,
    randomSleepMs: from.decimal('[run] random_sleep_seconds', 0, 0, DAY_SECONDS) * SECOND_MS,
    dateConstraint: from.text('[run] date_constraint'),
    warnings: [],
  };
  if (config.dateConstraint !== undefined) noteProblem(from, config.dateConstraint);
  for (const key of from.unknown()) from.problem(`${key} is not a key of this file`);
  from.finish();
  return config;
}

function ownService(from: Settings): ServiceConfig {
  const lock = lockName(from, '[service] lock');
  return { ...serviceAccess(from), lock };
}

/** Section [service] as every family of commands has it. */
export function serviceAccess(from: Settings): ServiceAccess {
  const service = {
    baseUrl: baseUrl(from, '[service] url'),
    host: from.text('[service] host'),
    token: from.text('[service] token'),
    tokenFile: from.text('[service] token_file'),
    secretId: from.text('[service] secret_id'),
    secret: from.text('[service] secret'),
    clientCertificateFile: from.text('[service] client_crt'),
    clientKeyFile: from.text('[service] client_key'),
    caFile: from.text('[service] ca'),
    connectMs: from.decimal('[service] connect_seconds', 5, 0.01, 300) * SECOND_MS,
    totalMs: from.decimal('[service] total_seconds', 35, 0.01, 900) * SECOND_MS,
    attempts: from.whole('[service] attempts', 6, 1, 100),
    backoffMs: from.decimal('[service] backoff_seconds', 1, 0, 300) * SECOND_MS,
  };
  if (service.token !== undefined && service.tokenFile !== undefined) from.problem('[service] token and token_file: give one');
  if ((service.clientCertificateFile === undefined) !== (service.clientKeyFile === undefined))
    from.problem('[service] client_crt and client_key: give both or neither');
  if ((service.secretId === undefined) !== (service.secret === undefined))
    from.problem('[service] secret_id and secret: give both or neither');
  return service;
}

function ownFolders(from: Settings, base: string): UpdateConfig['folders'] {
  const folder = (name: string): string => from.text(`[scripts] ${name}.d`) ?? join(base, `${name}.d`);
  return {
    needs_update: folder('needs_update'),
    pre_update: folder('pre_update'),
    update: folder('update'),
    needs_reboot: folder('needs_reboot'),
    post_update: folder('post_update'),
    reboot: from.text('[scripts] reboot.d'),
    ext_notify: from.text('[scripts] ext_notify.d'),
    on_failure: from.text('[scripts] on_failure.d'),
  };
}

function noteProblem(from: Settings, constraint: string): void {
  try {
    parseDateConstraint(constraint);
  } catch (error) {
    if (!(error instanceof ConfigProblem)) throw error;
    from.problem(error.message);
  }
}
