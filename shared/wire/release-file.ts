import { WireError } from '#domain/errors.ts';
import { decodeText } from './bytes/decode-text.ts';

export interface ReleaseFile {
  /** The `Date` field, whole seconds; 0 when there is none, as some private repositories leave it out. */
  readonly timestampSeconds: number;
  readonly suite: string;
  readonly codename: string;
  readonly architectures: readonly string[];
  readonly components: readonly string[];
}

// Debian's InRelease is 200 kB; the limit is that of any head.
const MAX_BYTES = 10_485_760;
const MAX_WORDS = 200;
const BEGIN_SIGNED = '-----BEGIN PGP SIGNED MESSAGE-----';
const BEGIN_SIGNATURE = '-----BEGIN PGP SIGNATURE-----';
const HASH_SECTIONS = ['md5sum', 'sha1', 'sha256', 'sha512'];
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
// RFC 5322 as Debian Policy 5.6.14 and real archives write it: `Sat, 13 Jul 2024 09:33:07 UTC`.
const DATE = /^(?:[A-Za-z]{3},\s+)?(\d{1,2})\s+([A-Za-z]{3})\s+(\d{4})\s+(\d{2}):(\d{2}):(\d{2})\s+(UTC|GMT|Z|[+-]\d{4})$/;

const parseDate = (text: string): number => {
  const [, day, monthName, year, hours, minutes, seconds, zone = ''] = DATE.exec(text) ?? [];
  const month = MONTHS.indexOf((monthName ?? '').toLowerCase());
  if (month < 0) throw new WireError('Release: the date cannot be read');
  const offset = /^[+-]/.test(zone) ? Number(`${zone[0]}1`) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3))) : 0;
  const epochMs = Date.UTC(Number(year), month, Number(day), Number(hours), Number(minutes), Number(seconds));
  return Math.max(0, epochMs / 1_000 - offset * 60);
};

/** What was signed, without the armour around it (RFC 4880, section 7). The signature is not verified here: clients do that. */
const signedText = (text: string): string => {
  if (!text.startsWith(BEGIN_SIGNED)) return text;
  const start = text.indexOf('\n\n');
  const end = text.indexOf(`\n${BEGIN_SIGNATURE}`);
  if (start < 0 || end < start) throw new WireError('InRelease is cut off');
  return text.slice(start + 2, end).replace(/^- /gm, '');
};

/** Fields of the first paragraph, names in lower case; a continued field keeps its first line only, since nobody needs the rest. */
const parseFields = (text: string): Map<string, string> => {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (line.trim() === '') break;
    if (/^[ \t]/.test(line) && fields.size > 0) continue;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) throw new WireError('Release: a line is not a field');
    if (!fields.has(name)) fields.set(name, line.slice(colon + 1).trim());
  }
  return fields;
};

const words = (text: string, shape: RegExp, what: string): string[] => {
  const found = text === '' ? [] : text.split(/\s+/);
  if (found.length > MAX_WORDS || !found.every((word) => shape.test(word)))
    throw new WireError(`Release: ${what} cannot be read`);
  return found;
};

/** The head file of an apt suite, plain (Release) or signed inside (InRelease). Throws WireError on anything else. */
export const parseReleaseFile = (bytes: Uint8Array): ReleaseFile => {
  if (bytes.length > MAX_BYTES) throw new WireError(`Release is larger than ${MAX_BYTES} bytes`);
  const fields = parseFields(signedText(decodeText(bytes, 'Release').replaceAll('\r\n', '\n')));
  if (!HASH_SECTIONS.some((section) => fields.has(section))) throw new WireError('Release lists no files');
  const date = fields.get('date');
  return {
    timestampSeconds: date === undefined ? 0 : parseDate(date),
    suite: fields.get('suite') ?? '',
    codename: fields.get('codename') ?? '',
    architectures: words(fields.get('architectures') ?? '', /^[a-z0-9][a-z0-9-]{0,30}$/, 'architectures'),
    components: words(fields.get('components') ?? '', /^[A-Za-z0-9][A-Za-z0-9+._/-]{0,100}$/, 'components'),
  };
};
