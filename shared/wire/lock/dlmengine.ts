/**
 * The lock calls of DLMEngine (schlitzered/DLMEngine): version 1 wraps everything in `{"data":…}`, version 2 is flat, and an
 * older version 2 has organisations in its paths. A lock is there while somebody holds it. DLMEngineUpdater 0.3.0 asks
 * `/versions` first and takes the highest; 1.0 is configured with the whole prefix. Endpoints with a slash too many make double
 * slashes, which mean nothing.
 */
import * as v from 'valibot';
import { fitsPattern } from '#domain/lock/first-use.ts';
import { hostName, isLockName } from './names.ts';

/** What DLMEngineUpdater 0.3.0 calls its organisation when it is told none: the same locks as without organisations. */
const DEFAULT_ORGANISATION = 'DLMUpdater';
const MAXIMUM_BODY = 4_096;
const MAXIMUM_PAGE = 1_000;

export type DlmEngineVersion = 1 | 2;

export type DlmEngineRoute =
  | { readonly kind: 'versions' }
  | { readonly kind: 'lock'; readonly version: DlmEngineVersion; readonly id: string; readonly lock: string }
  | { readonly kind: 'list'; readonly version: DlmEngineVersion; readonly namespace: string }
  | { readonly kind: 'not_found' };

const NOT_FOUND: DlmEngineRoute = { kind: 'not_found' };

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

const routeOf = (version: DlmEngineVersion, organisation: string, rest: readonly string[]): DlmEngineRoute => {
  const namespace = organisation === DEFAULT_ORGANISATION ? '' : `${organisation}:`;
  const [collection, id, ...more] = rest;
  if (collection !== 'locks' || more.length > 0) return NOT_FOUND;
  if (id === undefined || id === '_search') return { kind: 'list', version, namespace };
  const lock = `${namespace}${id}`;
  return isLockName(lock) ? { kind: 'lock', version, id, lock } : NOT_FOUND;
};

/** Still percent-encoded, below a prefix of one segment. */
export const parseDlmEnginePath = (path: string): DlmEngineRoute => {
  const segments = path
    .split('/')
    .filter((segment) => segment !== '')
    .slice(1)
    .map(decode);
  const known = segments.filter((segment) => segment !== undefined);
  if (known.length < segments.length) return NOT_FOUND;
  const [first, second, ...rest] = known;
  if (first === 'versions' && second === undefined) return { kind: 'versions' };
  if (first !== 'api' || (second !== 'v1' && second !== 'v2')) return NOT_FOUND;
  if (second === 'v1') return routeOf(1, DEFAULT_ORGANISATION, rest);
  const [orgs, organisation, ...inside] = rest;
  if (orgs !== 'orgs') return routeOf(2, DEFAULT_ORGANISATION, rest);
  return organisation === undefined ? NOT_FOUND : routeOf(2, organisation, inside);
};

const acquireSchema = v.object({ acquired_by: hostName });
const schemas = { 1: v.object({ data: acquireSchema }), 2: acquireSchema };

/** The name that the client goes by; undefined when the body names nobody. */
export const parseAcquiredBy = (version: DlmEngineVersion, text: string): string | undefined => {
  if (text.length > MAXIMUM_BODY) return undefined;
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), schemas[version]), text);
  if (!result.success) return undefined;
  return 'data' in result.output ? result.output.data.acquired_by : result.output.acquired_by;
};

export interface DlmEngineLock {
  readonly id: string;
  /** Byte for byte as its holder wrote it. */
  readonly acquiredBy: string;
  readonly acquiredMs: number;
}

const lockJson = ({ id, acquiredBy, acquiredMs }: DlmEngineLock): Readonly<Record<string, string>> => ({
  id,
  acquired_by: acquiredBy,
  acquired_since: new Date(acquiredMs).toISOString(),
});

const printIn = (version: DlmEngineVersion, value: unknown): unknown => (version === 1 ? { data: value } : value);

export const printDlmEngineLock = (version: DlmEngineVersion, lock: DlmEngineLock): unknown => printIn(version, lockJson(lock));

export const printDlmEngineList = (version: DlmEngineVersion, locks: readonly DlmEngineLock[], total: number): unknown =>
  printIn(version, { result: locks.map(lockJson), meta: { result_size: total } });

export const DLMENGINE_VERSIONS = { versions: [{ version: '1' }, { version: '2' }] } as const;

export interface DlmEngineSearch {
  /** Whether the lock is asked for. */
  readonly matches: (id: string) => boolean;
  readonly page: number;
  readonly limit: number;
  readonly descending: boolean;
}

/**
 * `lock_id` is a regular expression over there. Here only `^`, `$` and `.*` mean something in it, since anybody's
 * expression could keep a matcher busy for ever.
 */
const matcher = (text: string): ((id: string) => boolean) => {
  const body = text.replace(/^\^/, '').replace(/\$$/, '').replaceAll('.*', '*');
  const pattern = `${text.startsWith('^') ? '' : '*'}${body}${text.endsWith('$') ? '' : '*'}`;
  return (id) => fitsPattern(pattern, id);
};

const whole = (text: string | null, fallback: number, least: number, most: number): number => {
  const number = Number(text ?? fallback);
  return Number.isInteger(number) ? Math.min(most, Math.max(least, number)) : fallback;
};

export const parseDlmEngineSearch = (query: string): DlmEngineSearch => {
  const parameters = new URLSearchParams(query);
  return {
    matches: matcher(parameters.get('lock_id') ?? ''),
    page: whole(parameters.get('page'), 0, 0, MAXIMUM_PAGE),
    limit: whole(parameters.get('limit'), MAXIMUM_PAGE, 10, MAXIMUM_PAGE),
    descending: parameters.get('sort_order') === 'descending',
  };
};
