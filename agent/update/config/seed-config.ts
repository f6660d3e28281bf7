import { join } from 'node:path';
import {
  BOOT_ID_FILE,
  baseUrl,
  commandWords,
  LOG_MAX_BYTES,
  lockName,
  NO_CREDENTIALS,
  REBOOT_RETRY_MS,
  REQUEST_LIMITS,
  SCRIPT_LIMIT_MS,
  SECOND_MS,
  stateBeside,
} from './common-config.ts';
import type { IniFile } from './parse-ini.ts';
import { type Settings, settings } from './settings.ts';
import type { LogLevel, ServiceConfig, UpdateConfig } from './update-config.ts';

const DLM_WAIT_MAX_SECONDS = 3_600;
const MAX_WAIT_SECONDS = 366 * 86_400;
const LOG_LEVELS: Readonly<Record<string, LogLevel>> = {
  debug: 'debug',
  info: 'info',
  warning: 'warning',
  warn: 'warning',
  error: 'error',
  critical: 'error',
  fatal: 'error',
};

/** True for a config.ini of foreman_dlm_updater or DLMEngineUpdater up to 0.3. */
export const isSeedIni = (ini: IniFile): boolean => ini.has('main');

/** config.ini of foreman_dlm_updater (`foreman_url`) or of DLMEngineUpdater (`endpoint`), every key of either. */
export function seedConfig(ini: IniFile, file: string): UpdateConfig {
  // The sample file of DLMEngineUpdater has the folders in [scripts]; its code and everybody else's have them in [main].
  const values = new Map([...(ini.get('scripts') ?? []), ...(ini.get('main') ?? [])]);
  const from = settings(values);
  const config = values.has('foreman_url') ? foremanConfig(from, file) : dlmConfig(from, file);
  from.finish();
  return { ...config, warnings: [...config.warnings, ...from.unknown().map((key) => `${key}: not a key of this file; ignored`)] };
}

function foremanConfig(from: Settings, file: string): UpdateConfig {
  const service = {
    ...NO_CREDENTIALS,
    ...REQUEST_LIMITS,
    baseUrl: baseUrl(from, 'foreman_url'),
    lock: lockName(from, 'lock_name'),
    clientCertificateFile: from.required('client_crt'),
    clientKeyFile: from.required('client_key'),
    caFile: from.text('ca'),
  };
  // foreman_dlm_updater asks for the lock for ever.
  return { ...sharedConfig(from, file, service), format: 'foreman_dlm_updater', wait: true, waitMaxMs: Number.POSITIVE_INFINITY };
}

function dlmConfig(from: Settings, file: string): UpdateConfig {
  const service = {
    ...NO_CREDENTIALS,
    ...REQUEST_LIMITS,
    baseUrl: withoutDlmPath(baseUrl(from, 'endpoint')),
    lock: lockName(from, 'lock_name'),
    secretId: from.required('secret_id'),
    secret: from.required('secret'),
    caFile: from.text('ca'),
  };
  const organisation = from.text('org_id');
  return {
    ...sharedConfig(from, file, service),
    format: 'dlm_engine_updater',
    wait: from.yesNo('wait', false),
    waitMaxMs: from.whole('wait_max', DLM_WAIT_MAX_SECONDS, 0, MAX_WAIT_SECONDS) * SECOND_MS,
    warnings: organisation === undefined ? [] : ['org_id: the native interface has no organisations; the lock name alone counts'],
  };
}

/** What both have, under the one name or the other. */
function sharedConfig(from: Settings, file: string, service: ServiceConfig): UpdateConfig {
  const level = from.text('log_level') ?? from.text('loglevel') ?? 'DEBUG';
  const retention = from.whole('log_retention', from.whole('logretention', 7, 0, 3_650), 0, 3_650);
  const lock = from.required('lock');
  const state = from.required('state');
  return {
    ...HABITS,
    format: 'foreman_dlm_updater',
    file,
    service,
    folders: {
      needs_update: from.required('needs_update.d'),
      pre_update: from.required('pre_update.d'),
      update: from.required('update.d'),
      needs_reboot: from.required('needs_reboot.d'),
      post_update: from.required('post_update.d'),
      reboot: undefined,
      ext_notify: from.text('ext_notify.d'),
      on_failure: from.text('on_failure.d'),
    },
    rebootCommand: commandWords(from.required('reboot_cmd')),
    stateFile: stateBeside(state),
    seedStateFile: state,
    agentLockFile: lock,
    log: { file: from.required('log'), level: logLevel(from, level), retentionDays: retention, maxBytes: LOG_MAX_BYTES },
    wait: false,
    waitMaxMs: 0,
    warnings: [],
  };
}

/** How the updaters before us behave where their files have no key for it. */
const HABITS = {
  rebootRetryMs: REBOOT_RETRY_MS,
  bootIdFile: BOOT_ID_FILE,
  scriptLimitMs: SCRIPT_LIMIT_MS,
  interrupted: 'rerun',
  afterFailure: 'retry',
  checkCodes: 'nonzero',
  passEnvironment: ['LANG', 'TZ', 'http_proxy', 'https_proxy', 'no_proxy'],
  randomSleepMs: 0,
  dateConstraint: undefined,
} satisfies Partial<UpdateConfig>;

/** The environment-style file of DLMEngineUpdater 1.x. */
export function seedEnvConfig(values: ReadonlyMap<string, string>, file: string): UpdateConfig {
  const from = settings(values);
  const base = from.text('main_basedir') ?? '/etc/dlm_engine_updater';
  refuseMissingPowers(from, values);
  if (from.yesNo('main_api_noop', false)) from.problem('main_api_noop: an update without a lock is not supported');
  const config: UpdateConfig = {
    ...HABITS,
    format: 'dlm_engine_updater_env',
    file,
    service: {
      ...NO_CREDENTIALS,
      ...REQUEST_LIMITS,
      baseUrl: withoutDlmPath(baseUrl(from, 'main_api_endpoint')),
      lock: lockName(from, 'main_api_lockname'),
      secretId: from.required('main_api_secretid'),
      secret: from.required('main_api_secret'),
      caFile: from.text('main_api_ca'),
    },
    folders: {
      needs_update: join(base, 'needs_update.d'),
      pre_update: join(base, 'pre_update.d'),
      update: join(base, 'update.d'),
      needs_reboot: join(base, 'needs_reboot.d'),
      post_update: join(base, 'post_update.d'),
      reboot: join(base, 'reboot.d'),
      ext_notify: join(base, 'ext_notify.d'),
      on_failure: join(base, 'on_failure.d'),
    },
    rebootCommand: [],
    stateFile: stateBeside(join(base, 'state')),
    seedStateFile: join(base, 'state'),
    agentLockFile: join(base, 'lock'),
    log: {
      file: from.text('main_log_file') ?? '/var/log/dlm_engine_updater/dlm_engine_updater.log',
      level: logLevel(from, from.text('main_log_level') ?? 'DEBUG'),
      retentionDays: from.whole('main_log_retention', 7, 0, 3_650),
      maxBytes: LOG_MAX_BYTES,
    },
    wait: from.yesNo('main_wait', false),
    waitMaxMs: from.whole('main_waitmax', DLM_WAIT_MAX_SECONDS, 0, MAX_WAIT_SECONDS) * SECOND_MS,
    warnings: [],
  };
  from.finish();
  return { ...config, warnings: from.unknown().map((key) => `${key}: not a key of this file; ignored`) };
}

/** Users' own scripts and plugins may stop a database before an update: leaving them out quietly would be dangerous. */
function refuseMissingPowers(from: Settings, values: ReadonlyMap<string, string>): void {
  const users = from.text('main_userscriptusers');
  if (users !== undefined && users !== '[]')
    from.problem('main_userscriptusers: scripts of users are not supported; call them from pre_update.d');
  for (const [key, value] of values) {
    if (!key.startsWith('plugin_')) continue;
    from.text(key);
    if (key.endsWith('_enabled') && value.toLowerCase() !== 'false' && value !== '0')
      from.problem(`${key}: plugins are Python; call what it does from a script instead`);
  }
}

function logLevel(from: Settings, text: string): LogLevel {
  const level = LOG_LEVELS[text.toLowerCase()];
  if (level === undefined) from.problem(`log level ${text}: must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL`);
  return level ?? 'debug';
}

/** DLMEngine's endpoint ends with the path of its own interface; ours has another one at the same place. */
const withoutDlmPath = (url: string): string => url.replace(/\/api(\/v[12])?$/, '').replace(/\/dlmengine$/, '');
