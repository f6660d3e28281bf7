import { resolve } from 'node:path';
import { type Digest, isWeak } from '#domain/artefact/digest.ts';
import { entryPath } from '#domain/artefact/entry-path.ts';
import { parseChecksumValue } from '#wire/checksum/checksum-value.ts';
import { chooseOfValue } from '#wire/checksum/parse-checksums.ts';
import { numberOption, type OptionValues, textOption, UsageProblem } from '../../cli/command.ts';
import { DAY_MS, durationOption } from '../../cli/duration-option.ts';
import type { ChecksumSource, FetchSettings, HookSettings } from '../fetch-settings.ts';
import { MARKER_NAME } from '../install/layout.ts';

const KEPT = 2;
const MOST_KEPT = 1_000;
const DOWNLOAD_BYTES = 10 * 2 ** 30;
const UNPACKED_BYTES = 20 * 2 ** 30;
const ENTRIES = 1_000_000;
const HOOK_LIMIT_MS = 300_000;

/** The command line's options as settings; UsageProblem for what cannot be meant. */
export function readSettings(options: OptionValues, address: string): FetchSettings {
  const url = addressOf(address);
  const fragment = url.hash;
  url.hash = '';
  const allowWeak = options['allow-weak'] === true;
  const fileName = fileNameOf(url);
  return {
    url: url.href,
    fileName,
    destination: destinationOf(options),
    unpack: options['unpack'] === true,
    checksum: checksumSource(textOption(options, 'checksum'), fragment, fileName, allowWeak),
    allowWeak,
    splayMs: durationOption(options, 'splay', DAY_MS) ?? 0,
    hooks: hookSettings(options),
    keep: keepOf(options),
    downloadBytes: sizeOption(options, 'limit') ?? DOWNLOAD_BYTES,
    archive: {
      bytes: sizeOption(options, 'limit-unpacked') ?? UNPACKED_BYTES,
      entries: numberOption(options, 'limit-entries', Number.MAX_SAFE_INTEGER) ?? ENTRIES,
    },
    retryBad: options['retry-bad'] === true,
  };
}

export function destinationOf(options: OptionValues): string {
  const destination = textOption(options, 'dest');
  if (destination === undefined || destination === '') throw new UsageProblem('--dest DIR is missing');
  const path = resolve(destination);
  if (path === '/') throw new UsageProblem('--dest / cannot be replaced');
  return path;
}

export const hookSettings = (options: OptionValues): HookSettings => ({
  hook: textOption(options, 'hook'),
  health: textOption(options, 'health'),
  limitMs: durationOption(options, 'hook-limit', DAY_MS) ?? HOOK_LIMIT_MS,
});

export function keepOf(options: OptionValues): number {
  const keep = numberOption(options, 'keep', MOST_KEPT) ?? KEPT;
  if (!Number.isInteger(keep)) throw new UsageProblem(`--keep ${keep}: must be a whole number`);
  return keep;
}

function addressOf(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new UsageProblem(`${address} is not an address that begins with https:// or http://`);
  if (url.username !== '' || url.password !== '')
    throw new UsageProblem('an address with a password in it would stand in the state file and in messages');
  return url;
}

/** The last part of the path names the file, in lists of checksums and in the destination. */
function fileNameOf(url: URL): string {
  const last = url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
  const name = decoded(last);
  const path = name === undefined ? undefined : entryPath(name);
  if (
    name === undefined ||
    path?.kind !== 'path' ||
    path.segments.length !== 1 ||
    name !== path.segments[0] ||
    name === MARKER_NAME
  )
    throw new UsageProblem(`${url.href} does not end with the name of a file`);
  return name;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function checksumSource(said: string | undefined, fragment: string, fileName: string, allowWeak: boolean): ChecksumSource {
  const fromLink = fragment === '' ? undefined : digestSaid(fragment, fileName, allowWeak);
  if (said === undefined) return fromLink === undefined ? { kind: 'discover' } : { kind: 'value', digest: fromLink };
  if (fromLink !== undefined) throw new UsageProblem('the address and --checksum both say a digest; one is enough');
  if (/^https?:\/\//.test(said)) return { kind: 'list', url: addressOf(said).href };
  return { kind: 'value', digest: digestSaid(said, fileName, allowWeak) };
}

function digestSaid(said: string, fileName: string, allowWeak: boolean): Digest {
  const digests = parseChecksumValue(said);
  if (digests === undefined) throw new UsageProblem(`${said} is neither a digest nor the address of one`);
  const chosen = chooseOfValue(digests, { name: fileName, allowWeak });
  if (chosen.kind === 'digest') return chosen.digest;
  const hint = digests.every(isWeak) ? '; --allow-weak takes it all the same' : '';
  throw new UsageProblem(`${said} cannot be used: ${chosen.reason}${hint}`);
}

const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** `1000000`, `500M` or `2G`; units are powers of 1024. */
function sizeOption(options: OptionValues, name: string): number | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const [, digits, unit = ''] = /^(\d{1,15})([KMGT])?$/.exec(text) ?? [];
  const bytes = Number(digits) * (SIZE_UNITS[unit] ?? Number.NaN);
  if (digits === undefined || !Number.isSafeInteger(bytes) || bytes === 0)
    throw new UsageProblem(`--${name} ${text}: must be a size such as 500M or 2G`);
  return bytes;
}
