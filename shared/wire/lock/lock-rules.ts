import * as v from 'valibot';
import type { LockRules } from '#domain/lock/lock-rules.ts';
import { CLIENT_KINDS } from '#domain/lock/lock-state.ts';

// Shapes only: values were judged by the network file before they were stored. Null stands for undefined.
const optionalText = v.pipe(
  v.nullable(v.string()),
  v.transform((value) => value ?? undefined),
);
const texts = v.array(v.string());

const config = v.object({
  enabled: v.boolean(),
  slots: v.number(),
  failureBudget: v.number(),
  policy: v.object({
    mode: v.picklist(['hold', 'lease']),
    leaseMs: v.number(),
    offerMs: v.number(),
    queue: v.picklist(['fifo', 'none']),
    staleMs: v.number(),
  }),
  group: optionalText,
  owner: optionalText,
  comment: optionalText,
});

export const lockRulesSchema = v.object({
  defaults: config,
  locks: v.array(v.object({ name: v.string(), config })),
  createOnFirstUse: texts,
  tokens: v.array(v.object({ sha256: v.string(), host: optionalText, claims: optionalText, locks: texts })),
  plain: v.array(v.picklist(CLIENT_KINDS)),
  plainFrom: texts,
  operators: v.array(v.object({ name: v.string(), sha256: v.string() })),
  groups: v.array(v.object({ group: v.string(), lock: v.string() })),
}) satisfies v.GenericSchema<unknown, LockRules>;
