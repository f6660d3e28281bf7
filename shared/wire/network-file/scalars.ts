import * as v from 'valibot';
import { CONTINENTS, COUNTRIES } from '#domain/inventory/countries.ts';
import { ENTITY_ID } from '../fields.ts';
import { withoutOuterSlashes } from '../outer-slashes.ts';
import { suggestion } from './near-name.ts';

/** What a scalar's parser says: the value, or what is wrong. */
export type Parsed<T> = { readonly value: T } | { readonly wrong: string };

/** A valibot step that turns an input into a value or into one message. */
export const parsedBy = <I, O>(parse: (input: I) => Parsed<O>) =>
  v.rawTransform<I, O>(({ dataset, addIssue, NEVER }) => {
    const result = parse(dataset.value);
    if ('value' in result) return result.value;
    addIssue({ message: result.wrong });
    return NEVER;
  });

const shown = (input: string): string => JSON.stringify(input.length > 60 ? `${input.slice(0, 57)}...` : input);

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it refuses
const CONTROL = /[\u0000-\u001f\u007f\u2028\u2029]/;

/** One line of free text. */
export const line = (description: string, longest = 200) =>
  v.pipe(
    v.string(),
    v.description(description),
    v.minLength(1, 'must not be empty'),
    v.maxLength(longest, `longer than ${longest} characters`),
    v.check((input) => !CONTROL.test(input), 'must be one line without control characters'),
  );

export const slug = (description: string) =>
  v.pipe(
    v.string(),
    v.description(description),
    v.regex(ENTITY_ID, 'must be 1 to 100 lower-case letters, digits, `.`, `_` and `-`, beginning with a letter or a digit'),
  );

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const NOT_A_DURATION = 'must be a duration like `30s`, `15m`, `6h` or `3d`';
const DURATION = /^(\d{1,6})([smhd])$/;

/** `15m`, `6h`, `3d`; the value is milliseconds. `least` and `most` are written the same way. */
export const duration = (description: string, least: string, most: string) =>
  v.pipe(
    v.string(NOT_A_DURATION),
    v.description(`${description} Written as \`30s\`, \`15m\`, \`6h\` or \`3d\`; ${least} to ${most}.`),
    v.regex(DURATION, NOT_A_DURATION),
    parsedBy<string, number>((input) => {
      const ms = durationMs(input);
      return ms < durationMs(least) || ms > durationMs(most) ? { wrong: `must be ${least} to ${most}` } : { value: ms };
    }),
  );

const durationMs = (input: string): number => {
  const [, count, unit] = DURATION.exec(input) ?? [];
  return Number(count) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
};

/** The shortest form: `1d`, not `24h`. */
export const printDuration = (ms: number): string => {
  const [unit, unitMs] = Object.entries(UNIT_MS).findLast(([, one]) => ms > 0 && ms % one === 0) ?? ['s', 1000];
  return `${ms / unitMs}${unit}`;
};

const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KiB: 2 ** 10,
  MB: 1e6,
  MiB: 2 ** 20,
  GB: 1e9,
  GiB: 2 ** 30,
  TB: 1e12,
  TiB: 2 ** 40,
};

const NOT_A_SIZE = 'must be a size like `500 MB` or `200 GiB`, or a number of bytes';
const SIZE = /^(\d{1,16}) ?([kKMGT]?i?B)$/;

const sizeBytes = (input: number | string): number => {
  if (typeof input === 'number') return input;
  const [, count, unit] = SIZE.exec(input) ?? [];
  return Number(count) * (UNIT_BYTES[unit ?? ''] ?? Number.NaN);
};

const parseSize = (input: number | string, least: string, most: string): Parsed<number> => {
  const bytes = sizeBytes(input);
  if (!Number.isInteger(bytes)) return { wrong: NOT_A_SIZE };
  return bytes < sizeBytes(least) || bytes > sizeBytes(most) ? { wrong: `must be ${least} to ${most}` } : { value: bytes };
};

/** Bytes: a number, or `500 MB`, `200 GiB`. `least` and `most` are written the same way. */
export const size = (description: string, least: string, most: string) =>
  v.pipe(
    v.union([v.number(), v.string()]),
    v.description(`${description} Bytes, or written as \`500 MB\` or \`200 GiB\`; ${least} to ${most}.`),
    parsedBy<number | string, number>((input) => parseSize(input, least, most)),
  );

/** In the largest unit of which it is a whole number. */
export const printSize = (bytes: number): string => {
  const [unit, unitBytes] = Object.entries(UNIT_BYTES).findLast(([, one]) => bytes > 0 && bytes % one === 0) ?? ['B', 1];
  return `${bytes / unitBytes} ${unit}`;
};

const BANDWIDTH = /^(\d{1,6})(M|G)$/;

const parseBandwidth = (input: number | string): Parsed<number> => {
  const [, count, unit] = typeof input === 'string' ? (BANDWIDTH.exec(input) ?? []) : [undefined, String(input), 'M'];
  const mbps = Number(count) * (unit === 'G' ? 1000 : 1);
  return Number.isInteger(mbps) && mbps >= 1 && mbps <= 100_000
    ? { value: mbps }
    : { wrong: 'must be 1 to 100000 Mbit/s, written as a whole number or like `500M` or `10G`' };
};

/** Mbit/s. */
export const bandwidth = (description: string) =>
  v.pipe(v.union([v.number(), v.string()]), v.description(description), parsedBy(parseBandwidth));

const parseCountry = (input: string): Parsed<string> => {
  const code = input.toUpperCase();
  return COUNTRIES.has(code)
    ? { value: code }
    : { wrong: `${shown(input)} is not a country; ISO 3166-1 codes have two letters, DE for Germany` };
};

export const country = (description: string) =>
  v.pipe(
    v.string(),
    v.description(`${description} ISO 3166-1 alpha-2.`),
    v.minLength(2, 'must be a country code of two letters'),
    v.maxLength(2, 'must be a country code of two letters'),
    parsedBy(parseCountry),
  );

export const continent = (description: string) =>
  v.pipe(
    v.picklist(CONTINENTS, (issue) => `${issue.received} is not a continent; they are ${CONTINENTS.join(', ')}`),
    v.description(description),
  );

const wholeNumber = (least: number, most: number, wrong: string) =>
  [
    v.integer<number, string>(wrong),
    v.minValue<number, number, string>(least, wrong),
    v.maxValue<number, number, string>(most, wrong),
  ] as const;

export const whole = (description: string, least: number, most: number) =>
  v.pipe(v.number(), v.description(description), ...wholeNumber(least, most, `must be a whole number, ${least} to ${most}`));

/** A part of a whole; of what is added to it, also more than the whole. */
export const share = (description: string, most = 1) => {
  const wrong = `must be a share, 0 to ${most}`;
  return v.pipe(v.number(), v.description(description), v.minValue(0, wrong), v.maxValue(most, wrong));
};

export const asn = (description: string) =>
  v.pipe(
    v.number(),
    v.description(description),
    ...wholeNumber(1, 4_294_967_294, 'must be a number of an autonomous system, 1 to 4294967294'),
  );

const isWebUrl = (input: string): boolean => {
  if (!/^https?:\/\/[^/\s]/i.test(input) || !URL.canParse(input)) return false;
  const { username, password } = new URL(input);
  return username === '' && password === '';
};

/** A page for people; kept as it is written. */
export const webUrl = (description: string) =>
  v.pipe(line(description, 1000), v.check(isWebUrl, 'must be an http or https URL without a user name and a password'));

const E_MAIL = /^[^\s@<>,;:/]+@[^\s@<>,;:/]+$/;

export const contacts = (description: string) =>
  listOf(
    v.pipe(
      line('An e-mail address or an http(s) URL.', 500),
      v.check((input) => E_MAIL.test(input) || isWebUrl(input), 'must be an e-mail address or an http or https URL'),
    ),
    description,
    20,
  );

export const flag = (description: string) => v.pipe(v.boolean(), v.description(description));

/** A path in the network's or a category's space: no leading or trailing slash (they are taken off), no `.` and `..`. */
const parseRelativePath = (input: string): Parsed<string> => {
  const path = withoutOuterSlashes(input);
  const bad = path !== '' && path.split('/').some((part) => part === '' || part === '.' || part === '..');
  return bad || CONTROL.test(path)
    ? { wrong: 'must be a path like `pub/fedora/linux`, without `.`, `..` and empty parts' }
    : { value: path };
};

export const relativePath = (description: string) =>
  v.pipe(v.string(), v.description(description), v.maxLength(1000, 'longer than 1000 characters'), parsedBy(parseRelativePath));

/** A list with its limits. */
export const listOf = <const S extends v.BaseSchema<unknown, unknown, v.BaseIssue<unknown>>>(
  item: S,
  description: string,
  most: number,
  least = 0,
) =>
  v.pipe(
    v.array(item),
    v.description(description),
    v.minLength(least, `needs at least ${least} ${least === 1 ? 'entry' : 'entries'}`),
    v.maxLength(most, `more than ${most} entries`),
  );

/** One of a few words, with the nearest named when it is none of them. */
export const oneOf = <const T extends readonly string[]>(words: T, description: string) =>
  v.pipe(
    v.picklist(
      words,
      (issue) =>
        `${issue.received} is not one of ${words.join(', ')}${typeof issue.input === 'string' ? suggestion(issue.input, words) : ''}`,
    ),
    v.description(description),
  );
