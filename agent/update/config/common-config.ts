import { existsSync } from 'node:fs';
import type { Settings } from './settings.ts';
import type { ServiceConfig } from './update-config.ts';

export const BOOT_ID_FILE = '/proc/sys/kernel/random/boot_id';
export const SECOND_MS = 1_000;
const LOCK_NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** Connecting and the whole request; the service answers within eight seconds or not at all. */
export const REQUEST_LIMITS = { connectMs: 5_000, totalMs: 35_000, attempts: 6, backoffMs: 1_000 };
export const NO_CREDENTIALS = {
  host: undefined,
  token: undefined,
  tokenFile: undefined,
  secretId: undefined,
  secret: undefined,
  clientCertificateFile: undefined,
  clientKeyFile: undefined,
  caFile: undefined,
} satisfies Partial<ServiceConfig>;

/** Four hours, a release upgrade included. */
export const SCRIPT_LIMIT_MS = 4 * 3_600_000;
export const REBOOT_RETRY_MS = 15 * 60_000;
export const LOG_MAX_BYTES = 64 << 20;

/** The address that everything else is appended to; says what is wrong with it instead of throwing. */
export function baseUrl(from: Settings, key: string): string {
  const text = from.required(key);
  if (text === '') return '';
  if (!URL.canParse(text)) {
    from.problem(`${key} = ${text}: not a URL`);
    return '';
  }
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') from.problem(`${key} = ${text}: must be http or https`);
  if (url.search !== '' || url.hash !== '' || url.username !== '')
    from.problem(`${key}: must have no query, fragment or user name`);
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** Locks have names that fit a path as they are. */
export function lockName(from: Settings, key: string): string {
  const name = from.required(key);
  if (name !== '' && !LOCK_NAME.test(name))
    from.problem(`${key} = ${name}: letters, digits and . _ : - only, 128 at most, a letter or digit first`);
  return name;
}

/**
 * A command line as words; 'single' and "double" quotes keep blanks. A path with blanks that exists is one word, because the
 * updaters before us took the whole value for the program.
 */
export function commandWords(line: string, exists: (path: string) => boolean = existsSync): readonly string[] {
  if (line === '') return [];
  if (line.startsWith('/') && /\s/.test(line) && exists(line)) return [line];
  const words = line.match(/(?:[^\s'"]+|'[^']*'|"[^"]*")+/g) ?? [];
  return words.map((word) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, (_all, single?: string, double?: string) => single ?? double ?? ''),
  );
}

/** The updaters' state was one word in a file of this name; ours stands beside it, so that neither takes the other's for garbage. */
export const stateBeside = (seedState: string): string => (seedState === '' ? '' : `${seedState}.mirrortide.json`);
