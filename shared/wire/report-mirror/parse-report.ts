import * as v from 'valibot';
import { WireError } from '#domain/errors.ts';
import { bunzip2 } from '../bzip2/bunzip2.ts';
import { withoutOuterSlashes } from '../outer-slashes.ts';
import { checkJsonShape } from './json-shape.ts';

/** What report_mirror says, its layers taken off: base64 of bzip2 of JSON. Old clients send a pickle; nobody unpacks those. */
export interface Report {
  readonly siteName: string;
  readonly password: string;
  readonly hostName: string;
  /** What the host's configuration says of itself; undefined when it says nothing. */
  readonly userActive: boolean | undefined;
  /** Sections that are enabled, in their order. */
  readonly sections: readonly ReportSection[];
}

export interface ReportSection {
  /** In lower case, as the client sends it. */
  readonly name: string;
  /** Relative to the category, no leading slash; the top is empty. */
  readonly directories: ReadonlySet<string>;
}

export type ParsedReport =
  | { readonly kind: 'report'; readonly report: Report }
  /** In words for the client's own screen, without a period. */
  | { readonly kind: 'problem'; readonly problem: string };

export interface ReportLimits {
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  readonly directories: number;
}

/** 299,520 directories are 416 kB packed and 16.4 MB of JSON (measured with the real client). */
const REPORT_LIMITS: ReportLimits = { packedBytes: 1_048_576, unpackedBytes: 67_108_864, directories: 400_000 };
/** The root, a section, its tree, and the always empty object of a directory; and some room. */
const DEPTH = 6;
const MAX_PATH = 1_024;
/** As many as a check-in may name categories: each of them costs a look at all that its category holds. */
const MOST_SECTIONS = 100;
/** `stats` may hold what it likes, within this. */
const OTHER_MARKS = 10_000;
const NOT_CATEGORIES: ReadonlySet<string> = new Set(['version', 'global', 'site', 'host', 'stats']);

// The client's alphabet is the one for URLs; the standard one and line breaks come from hand-written clients. Node reads both.
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

const unpackBase64 = (text: string, maxBytes: number): Uint8Array => {
  const digits = text.replaceAll(/\s+/g, '');
  if (!BASE64.test(digits)) throw new WireError('the report is not base64');
  if ((digits.length / 4) * 3 > maxBytes + 3) throw new WireError(`the report has more than ${maxBytes} bytes`);
  return Buffer.from(digits, 'base64');
};

const unpackReport = (text: string, limits: ReportLimits): unknown => {
  const json = bunzip2(unpackBase64(text, limits.packedBytes), limits.unpackedBytes);
  checkJsonShape(json, { depth: DEPTH, marks: 2 * limits.directories + OTHER_MARKS }, 'the report');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json)) as unknown;
  } catch (cause) {
    throw new WireError('the report is not JSON', { cause });
  }
};

/** Values of an ini file: texts, a list when there are several lines. */
const flag = v.pipe(v.union([v.string(), v.number(), v.boolean()]), v.transform(String));

const head = v.looseObject({
  version: v.literal(0),
  global: v.looseObject({ enabled: flag }),
  site: v.looseObject({ name: v.string(), password: v.string() }),
  host: v.looseObject({ name: v.string(), user_active: v.optional(flag) }),
});

const problemAt = (path: string): string => {
  const [name = '', option] = path.split('.');
  if (name === 'version') return 'config file version is not 0';
  return option === undefined ? `config file has no section ${name}` : `config file section ${name} has no ${option}`;
};

// A record of valibot's drops `constructor` and its like, and these are names of directories.
const dirtree = v.custom<Readonly<Record<string, unknown>>>((value) => typeof value === 'object' && value !== null);
const section = v.looseObject({ enabled: v.optional(flag), dirtree });

const SAID_YES = new Set(['true', '1', 't', 'y', 'yes']);

const isSaid = (text: string): boolean => SAID_YES.has(text.toLowerCase());

const sectionsOf = (document: Readonly<Record<string, unknown>>): readonly ReportSection[] => {
  const sections = Object.entries(document).filter(([name]) => !NOT_CATEGORIES.has(name));
  if (sections.length > MOST_SECTIONS) throw new WireError(`the report has more than ${MOST_SECTIONS} sections`);
  return sections.flatMap(([name, value]) => {
    const parsed = v.safeParse(section, value);
    if (!parsed.success) throw new WireError(`config file section ${name.slice(0, 100)} has no dirtree`);
    const { enabled = '1', dirtree: tree } = parsed.output;
    // Sent all the same, with an empty tree: the section was switched off, not the content deleted.
    if (enabled !== '1') return [];
    const paths = Object.keys(tree).filter((path) => path.length <= MAX_PATH);
    return [{ name: name.toLowerCase(), directories: new Set(paths.map(withoutOuterSlashes)) }];
  });
};

const reportOf = (document: unknown): Report => {
  const parsed = v.safeParse(head, document, { abortEarly: true });
  if (!parsed.success) throw new WireError(problemAt(v.getDotPath(parsed.issues[0]) ?? 'global'));
  const { global, site, host, ...rest } = parsed.output;
  if (global.enabled !== '1') throw new WireError('config file section global is not enabled');
  return {
    siteName: site.name,
    password: site.password,
    hostName: host.name,
    userActive: host.user_active === undefined ? undefined : isSaid(host.user_active),
    sections: sectionsOf(rest),
  };
};

/** From the one text of a `checkin` call. */
export const parseReport = (text: string, limits: ReportLimits = REPORT_LIMITS): ParsedReport => {
  try {
    return { kind: 'report', report: reportOf(unpackReport(text, limits)) };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return { kind: 'problem', problem: error.message };
  }
};
