import * as v from 'valibot';
import { AUDITED_OPERATIONS, type AuditEntry } from '#domain/access/audit-entry.ts';
import { parseJson } from './parse-json.ts';

/** Twice this, and the rest of an entry, fits into an item of DynamoDB (400 KB). */
export const LONGEST_ENTITY_BYTES = 180_000;

const entry = v.object({
  v: v.literal(1),
  revision: v.number(),
  atMs: v.number(),
  by: v.string(),
  operation: v.picklist(AUDITED_OPERATIONS),
  entity: v.string(),
  before: v.unknown(),
  after: v.unknown(),
  requestId: v.string(),
});

export const utf8Bytes = (text: string): number => new TextEncoder().encode(text).byteLength;

/** Only what was applied past the administration can be longer than an entry may be. */
const bounded = (value: unknown): unknown => {
  const bytes = utf8Bytes(JSON.stringify(value ?? null));
  return bytes <= LONGEST_ENTITY_BYTES ? (value ?? null) : { omitted: `${bytes} bytes` };
};

export const printAuditEntry = (input: AuditEntry): string =>
  JSON.stringify({ v: 1, ...input, before: bounded(input.before), after: bounded(input.after) });

export const parseAuditEntry = (text: string): AuditEntry => {
  const { v: _, before = null, after = null, ...rest } = parseJson(entry, text, 'audit entry');
  return { ...rest, before, after };
};
