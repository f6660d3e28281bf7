import * as v from 'valibot';
import type { LockConfig } from '#domain/lock/lock-state.ts';

/** What was asked, or what is wrong with how it was asked. */
export type ParsedRequest<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'invalid'; readonly problem: string };

const text = (longest: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(longest));
const whole = (least: number, most: number) => v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));
const fence = whole(1, Number.MAX_SAFE_INTEGER);
const reason = text(1_000);
const DAY_MS = 86_400_000;

const acquire = v.object({ requestId: text(200), ticket: v.optional(whole(0, Number.MAX_SAFE_INTEGER)) });
const fenced = v.object({ fence, reason: v.optional(reason) });
const forceRelease = v.object({ host: text(253), fence, reason });
const withReason = v.object({ reason });

const optionalLabel = v.optional(v.nullable(text(500)));
const config = v.strictObject({
  enabled: v.optional(v.boolean()),
  slots: v.optional(whole(1, 100)),
  failureBudget: v.optional(whole(1, 100)),
  policy: v.optional(
    v.strictObject({
      mode: v.picklist(['hold', 'lease']),
      leaseMs: whole(10_000, DAY_MS),
      offerMs: whole(10_000, 3_600_000),
      queue: v.picklist(['fifo', 'none']),
      staleMs: whole(60_000, 365 * DAY_MS),
    }),
  ),
  group: optionalLabel,
  owner: optionalLabel,
  comment: optionalLabel,
  reason: v.optional(reason),
});

const problemOf = (issue: v.BaseIssue<unknown>): string => {
  const path = v.getDotPath(issue);
  return path === null ? issue.message : `${path}: ${issue.message}`;
};

const parseWith = <T>(schema: v.GenericSchema<unknown, T>, body: string): ParsedRequest<T> => {
  let document: unknown;
  try {
    document = JSON.parse(body === '' ? '{}' : body);
  } catch {
    return { kind: 'invalid', problem: 'the body is not JSON' };
  }
  const result = v.safeParse(schema, document);
  return result.success ? { kind: 'ok', value: result.output } : { kind: 'invalid', problem: problemOf(result.issues[0]) };
};

export const parseAcquire = (body: string) => parseWith(acquire, body);
export const parseFenced = (body: string) => parseWith(fenced, body);
export const parseForceRelease = (body: string) => parseWith(forceRelease, body);
export const parseReason = (body: string) => parseWith(withReason, body);

export interface ConfigChange {
  readonly change: Partial<LockConfig>;
  readonly reason: string | undefined;
}

/** Null takes a label away; what is not named stays as it is. */
export const parseConfigChange = (body: string): ParsedRequest<ConfigChange> => {
  const parsed = parseWith(config, body);
  if (parsed.kind === 'invalid') return parsed;
  const { reason: why, ...given } = parsed.value;
  const change = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, value ?? undefined]));
  return { kind: 'ok', value: { change: change as Partial<LockConfig>, reason: why } };
};
