/**
 * FleetLock version 1, the protocol of Zincati (coreos/zincati, docs/development/fleetlock/protocol.md): one JSON body for both
 * calls, `{"client_params":{"id","group"}}`, and errors of `{"kind","value"}`. Zincati sends the body without a content type, so
 * none is asked for.
 */
import * as v from 'valibot';
import { hostName } from './names.ts';

export const FLEETLOCK_HEADER = 'fleet-lock-protocol';

/** With `fl:` before it a group is the name of a lock, of 100 characters at most. */
const MAXIMUM_GROUP = 97;
const MAXIMUM_BODY = 4_096;

const bodySchema = v.object({
  client_params: v.object({
    id: hostName,
    group: v.pipe(v.string(), v.maxLength(MAXIMUM_GROUP), v.regex(/^[a-zA-Z0-9.-]+$/)),
  }),
});

export interface FleetLockClient {
  /** Case-sensitive. */
  readonly id: string;
  readonly group: string;
}

/** Undefined for whatever is not such a body. */
export const parseFleetLockBody = (text: string): FleetLockClient | undefined => {
  if (text.length > MAXIMUM_BODY) return undefined;
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), bodySchema), text);
  return result.success ? result.output.client_params : undefined;
};

/** The set is small and fixed: Zincati makes a metric's label of it. */
export const FLEETLOCK_KINDS = [
  'invalid_client_identity',
  'unknown_group',
  'unauthorized',
  'forbidden',
  'method_not_allowed',
  'failed_lock_semaphore_full',
  'lock_disabled',
  'lock_halted',
  'newer_grant',
  'backend_unavailable',
] as const;
export type FleetLockKind = (typeof FLEETLOCK_KINDS)[number];
