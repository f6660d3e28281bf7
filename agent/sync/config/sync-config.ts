import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SYNC_MODES, type SyncMode } from '#domain/drain/drain-state.ts';
import { type OptionValues, type Terminal, textOption } from '../../cli/command.ts';
import type { ServiceAccess } from '../../service/service-access.ts';
import { ConfigProblem } from '../../update/config/config-problem.ts';
import { places } from '../../update/config/load-config.ts';
import { serviceAccess } from '../../update/config/own-config.ts';
import { parseIni } from '../../update/config/parse-ini.ts';
import { type Settings, settings } from '../../update/config/settings.ts';
import type { LogLevel } from '../../update/config/update-config.ts';
import { parseDuration } from './duration.ts';

export const UNAVAILABLE_POLICIES = ['fail', 'run'] as const;

export interface SyncConfig {
  readonly service: ServiceAccess;
  /** As the network names it. */
  readonly host: string;
  /** Undefined where a command is about all of them. */
  readonly category: string | undefined;
  readonly mode: SyncMode;
  /** How long the command is thought to take; for people who look on. */
  readonly expectedMs: number | undefined;
  /** From the start of this program to the start of the command. */
  readonly waitMs: number;
  readonly waitVerified: boolean;
  readonly verifyMs: number;
  /** What becomes of the command when the service cannot be reached. */
  readonly ifUnavailable: (typeof UNAVAILABLE_POLICIES)[number];
  readonly killWhenLost: boolean;
  readonly stateFolder: string;
  readonly log: {
    readonly file: string | undefined;
    readonly level: LogLevel;
    readonly retentionDays: number;
    readonly maxBytes: number;
  };
}

const MEBIBYTE = 1 << 20;
const LEVELS = ['debug', 'info', 'warning', 'error'] as const;
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/;

/** Options that say the same as a key of the file, and win over it. */
const OPTION_KEYS: Readonly<Record<string, string>> = {
  server: '[service] url',
  'token-file': '[service] token_file',
  host: '[service] host',
  category: '[sync] category',
  mode: '[sync] mode',
  expected: '[sync] expected',
  'wait-timeout': '[sync] wait_timeout',
  'verify-timeout': '[sync] verify_timeout',
  'if-unavailable': '[sync] if_unavailable',
  'state-folder': '[run] state_folder',
};

/** The configuration of this family: a file that need not be there, and options. Throws ConfigProblem. */
export function loadSyncConfig(options: OptionValues, terminal: Pick<Terminal, 'userId'>): SyncConfig {
  const where = places(terminal.userId);
  const named = textOption(options, 'config');
  const file = named ?? join(dirname(where.configFolder), 'sync.ini');
  const values = named === undefined && !existsSync(file) ? new Map<string, string>() : fileValues(file);
  for (const [option, key] of Object.entries(OPTION_KEYS)) {
    const value = textOption(options, option);
    if (value !== undefined) values.set(key, value);
  }
  if (textOption(options, 'token-file') !== undefined) values.delete('[service] token');
  if (options['kill-when-lost'] === true) values.set('[sync] kill_when_lost', 'yes');
  if (options['wait-verified'] === true) values.set('[sync] wait_verified', 'yes');
  if (options['no-wait-verified'] === true) values.set('[sync] wait_verified', 'no');
  return configOf(settings(values), join(where.stateFolder, 'sync'), join(dirname(where.logFile), 'sync.log'));
}

function fileValues(file: string): Map<string, string> {
  try {
    const values = new Map<string, string>();
    for (const [section, keys] of parseIni(readFileSync(file, 'utf8')))
      for (const [key, value] of keys) values.set(`[${section}] ${key}`, value);
    return values;
  } catch (cause) {
    throw new ConfigProblem(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function configOf(from: Settings, stateFolder: string, logFile: string): SyncConfig {
  const access = serviceAccess(from);
  const config: SyncConfig = {
    service: access,
    host: id(from, '[service] host', access.host ?? hostOfToken(from, access)) ?? '',
    category: id(from, '[sync] category', from.text('[sync] category')),
    mode: from.oneOf('[sync] mode', SYNC_MODES, 'full'),
    expectedMs: optionalDuration(from, '[sync] expected'),
    waitMs: optionalDuration(from, '[sync] wait_timeout') ?? parseDuration('', '2h'),
    waitVerified: from.yesNo('[sync] wait_verified', true),
    verifyMs: optionalDuration(from, '[sync] verify_timeout') ?? parseDuration('', '30m'),
    ifUnavailable: from.oneOf('[sync] if_unavailable', UNAVAILABLE_POLICIES, 'fail'),
    killWhenLost: from.yesNo('[sync] kill_when_lost', false),
    stateFolder: from.text('[run] state_folder') ?? stateFolder,
    log: {
      file: from.text('[log] file') ?? logFile,
      level: from.oneOf('[log] level', LEVELS, 'info'),
      retentionDays: from.whole('[log] retention_days', 14, 0, 3_650),
      maxBytes: from.whole('[log] max_mebibytes', 64, 1, 10_240) * MEBIBYTE,
    },
  };
  if (config.host === '')
    from.problem('[service] host is missing, and the token does not name it: --host, or the token of a host in token_file');
  for (const key of from.unknown()) from.problem(`${key} is not a key of this file`);
  from.finish();
  return config;
}

/** The token of a host begins with its name; a token of anything else, or none, says nothing. */
function hostOfToken(from: Settings, access: ServiceAccess): string | undefined {
  return /^mth~([^~\s]+)~/.exec(tokenText(from, access))?.[1];
}

function tokenText(from: Settings, { token, tokenFile }: ServiceAccess): string {
  if (tokenFile === undefined) return token ?? '';
  try {
    return readFileSync(tokenFile, 'utf8').trim();
  } catch (error) {
    from.problem(
      `[service] token_file = ${tokenFile}: cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
    return '';
  }
}

function id(from: Settings, key: string, value: string | undefined): string | undefined {
  if (value !== undefined && !ID.test(value)) from.problem(`${key} = ${value}: letters, digits and . _ - only`);
  return value;
}

function optionalDuration(from: Settings, key: string): number | undefined {
  const text = from.text(key);
  try {
    return text === undefined ? undefined : parseDuration(key, text);
  } catch (error) {
    if (!(error instanceof ConfigProblem)) throw error;
    from.problem(error.message);
    return undefined;
  }
}

/** For commands that are about one category. */
export function categoryOf(config: SyncConfig): string {
  if (config.category === undefined) throw new ConfigProblem('[sync] category is missing: --category names it');
  return config.category;
}
