/**
 * The lock API that the plugin foreman_dlm gives Foreman, as its clients see it: `/api/dlmlocks`, also under `/api/v1` and
 * `/api/v2`. A lock goes by its number or its name. Every answer is JSON: foreman_dlm_updater parses the body before it looks at
 * the status, and dies of anything else.
 */
import * as v from 'valibot';
import { isLockName, lockName } from './names.ts';

const MAXIMUM_BODY = 8_192;
const MAXIMUM_PAGE = 1_000;
const DEFAULT_PER_PAGE = 20;
const TYPE = 'ForemanDlm::Dlmlock::Update';

export type ForemanRoute =
  | { readonly kind: 'collection' }
  /** The lock as a record. */
  | { readonly kind: 'lock'; readonly lock: ForemanLockId }
  /** `…/lock`: taking, giving back, looking. */
  | { readonly kind: 'hold'; readonly lock: ForemanLockId }
  | { readonly kind: 'events'; readonly lock: ForemanLockId }
  | { readonly kind: 'not_found' };

/** A name of digits alone is a number first, then a name. */
export interface ForemanLockId {
  readonly id: number | undefined;
  readonly name: string;
}

const PATH = /^\/+api(?:\/+v[12])?\/+dlmlocks(?:\/+(?<id>[^/]+)(?:\/+(?<sub>lock|dlmlock_events))?)?\/*$/;

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

/** Still percent-encoded. */
export const parseForemanPath = (path: string): ForemanRoute => {
  const groups = PATH.exec(path)?.groups;
  if (groups === undefined) return { kind: 'not_found' };
  if (groups['id'] === undefined) return { kind: 'collection' };
  const name = decode(groups['id']);
  if (name === undefined || !isLockName(name)) return { kind: 'not_found' };
  const lock = { id: /^[1-9][0-9]{0,14}$/.test(name) ? Number(name) : undefined, name };
  if (groups['sub'] === 'lock') return { kind: 'hold', lock };
  return { kind: groups['sub'] === undefined ? 'lock' : 'events', lock };
};

const changeSchema = v.object({
  name: v.optional(lockName),
  enabled: v.optional(
    v.union([
      v.boolean(),
      v.pipe(
        v.picklist(['true', 'false', '1', '0']),
        v.transform((text) => text === 'true' || text === '1'),
      ),
    ]),
  ),
  host_id: v.optional(v.nullable(v.union([v.number(), v.string()]))),
});

export interface ForemanChange {
  readonly name: string | undefined;
  readonly enabled: boolean | undefined;
  /** Null sets the lock free; undefined leaves it. */
  readonly holder: 'nobody' | 'somebody' | undefined;
}

/** `{"dlmlock":{…}}`, or the same without the wrapping, as Rails takes both. Undefined for anything else. */
export const parseForemanChange = (text: string): ForemanChange | undefined => {
  if (text.length > MAXIMUM_BODY) return undefined;
  const wrapped = v.union([
    v.pipe(
      v.object({ dlmlock: changeSchema }),
      v.transform(({ dlmlock }) => dlmlock),
    ),
    changeSchema,
  ]);
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), wrapped), text);
  if (!result.success) return undefined;
  const { name, enabled, host_id } = result.output;
  const free = host_id === null || host_id === '';
  return { name, enabled, holder: host_id === undefined ? undefined : free ? 'nobody' : 'somebody' };
};

export interface ForemanLock {
  /** Undefined for a lock that does not exist. */
  readonly id: number | undefined;
  readonly name: string;
  readonly enabled: boolean;
  readonly createdMs: number | undefined;
  readonly updatedMs: number | undefined;
  readonly holder: string | undefined;
  /** Whether the holder is who asks; undefined when a person asks. */
  readonly self: boolean | undefined;
}

/** As Rails prints them there: `2026-11-21 04:45:00 UTC`. */
const printTime = (epochMs: number): string => `${new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/**
 * Hosts have numbers over there and names here. This one is the same for the same name, is never 0, and two hosts share it once
 * in a blue moon: `host.name` is what counts.
 */
const numberOfHost = (host: string): number => {
  let number = 0x811c9dc5;
  for (const character of host) number = Math.imul(number ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return (number % 0x7fffffff) + 1;
};

/** A lock as it is printed. */
export const foremanLockJson = (lock: ForemanLock): Readonly<Record<string, unknown>> => ({
  id: lock.id ?? null,
  host_id: lock.holder === undefined ? null : numberOfHost(lock.holder),
  name: lock.name,
  enabled: lock.enabled,
  type: TYPE,
  created_at: lock.createdMs === undefined ? null : printTime(lock.createdMs),
  updated_at: lock.updatedMs === undefined ? null : printTime(lock.updatedMs),
  ...(lock.holder === undefined ? {} : { host: { name: lock.holder, ...(lock.self === undefined ? {} : { self: lock.self }) } }),
});

export interface ForemanPage {
  readonly page: number;
  readonly perPage: number;
  readonly search: string | undefined;
  readonly order: string | undefined;
}

const whole = (text: string | null, fallback: number): number => {
  const number = Number(text ?? fallback);
  return Number.isInteger(number) && number >= 1 ? Math.min(MAXIMUM_PAGE, number) : fallback;
};

export const parseForemanPage = (query: string): ForemanPage => {
  const parameters = new URLSearchParams(query);
  const perPage = parameters.get('per_page');
  return {
    page: whole(parameters.get('page'), 1),
    perPage: perPage === 'all' ? MAXIMUM_PAGE : whole(perPage, DEFAULT_PER_PAGE),
    search: parameters.get('search') ?? undefined,
    order: parameters.get('order') ?? undefined,
  };
};

/**
 * Of the search language: `name = update`, `name ~ upd`, `host = web7`, `enabled = true`, and a bare word, which is looked for in
 * names. Whatever else is written finds nothing.
 */
const matches = (lock: ForemanLock, search: string): boolean => {
  const term = /^\s*(?<field>name|host|enabled)\s*(?<operator>=|~)\s*"?(?<value>[^"]*?)"?\s*$/.exec(search)?.groups;
  if (term === undefined) return lock.name.includes(search.trim());
  const value = term['value'] ?? '';
  const actual = { name: lock.name, host: lock.holder ?? '', enabled: String(lock.enabled) }[term['field'] ?? ''] ?? '';
  return term['operator'] === '=' ? actual === value : actual.includes(value);
};

const printPage = (rows: readonly unknown[], total: number, page: ForemanPage): unknown => {
  const first = (page.page - 1) * page.perPage;
  return {
    total,
    subtotal: rows.length,
    page: page.page,
    per_page: page.perPage,
    search: page.search ?? null,
    sort: { by: page.order?.split(' ')[0] ?? null, order: page.order?.split(' ')[1] ?? null },
    results: rows.slice(first, first + page.perPage),
  };
};

export const printForemanList = (locks: readonly ForemanLock[], page: ForemanPage): unknown => {
  const { search } = page;
  const found = search === undefined || search.trim() === '' ? locks : locks.filter((lock) => matches(lock, search));
  const byId = page.order?.startsWith('id') ?? false;
  const sorted = found.toSorted((a, b) => (byId ? (a.id ?? 0) - (b.id ?? 0) : a.name < b.name ? -1 : 1));
  const ordered = / desc$/i.test(page.order ?? '') ? sorted.toReversed() : sorted;
  return printPage(ordered.map(foremanLockJson), locks.length, page);
};

export interface ForemanEvent {
  readonly id: number;
  readonly type: 'acquire' | 'release' | 'enable' | 'disable' | 'fail';
  readonly atMs: number;
}

export const printForemanEvents = (events: readonly ForemanEvent[], page: ForemanPage): unknown =>
  printPage(
    events.map(({ id, type, atMs }) => ({ id, event_type: type, created_at: printTime(atMs), updated_at: printTime(atMs) })),
    events.length,
    page,
  );
