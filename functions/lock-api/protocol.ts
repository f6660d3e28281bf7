import type { LockRules } from '#domain/lock/lock-rules.ts';
import type { Log } from '#ports/log.ts';
import type { HttpCall, HttpReply } from '#wire/api/http-call.ts';
import type { LockOperations } from './lock-operations.ts';

export interface ProtocolDeps {
  readonly operations: LockOperations;
  readonly rules: LockRules;
  readonly log: Log;
}

/**
 * One way of speaking to the locks. It answers every request below its paths, its own errors included; a Fault may pass through,
 * and becomes a 503.
 */
export type Protocol = (deps: ProtocolDeps, call: HttpCall) => Promise<HttpReply>;
