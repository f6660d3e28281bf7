import type { Log } from '#ports/log.ts';
import { failureReply } from '#wire/api/failure-reply.ts';
import { errorReply, type HttpCall, type HttpReply } from '#wire/api/http-call.ts';
import type { RulesSource } from './lock-deps.ts';
import type { LockOperations } from './lock-operations.ts';
import type { Protocol } from './protocol.ts';
import { dlmengine } from './protocols/dlmengine.ts';
import { fleetlock } from './protocols/fleetlock.ts';
import { foreman } from './protocols/foreman.ts';
import { nativeProtocol } from './protocols/native.ts';

export interface LockApiDeps {
  readonly operations: LockOperations;
  readonly rules: RulesSource;
  readonly log: Log;
}

/** No request of any protocol is longer; what is longer is not read. */
const MAX_BODY = 16_384;

/** The first that fits speaks. */
const ROUTES: readonly { readonly path: RegExp; readonly speak: Protocol }[] = [
  { path: /^\/api\/v1\/(locks|hosts)(\/|$)/, speak: nativeProtocol },
  { path: /^\/+v1\/+(?:pre-reboot|steady-state)\/*$/, speak: fleetlock },
  { path: /^\/+api(?:\/+v[12])?\/+dlmlocks(?:\/|$)/, speak: foreman },
  { path: /^\/+dlmengine(?:\/|$)/, speak: dlmengine },
];

/** Every protocol on one door, over the same locks. Whatever a client sends is answered with 4xx at worst. */
export const lockApi = async (deps: LockApiDeps, call: HttpCall): Promise<HttpReply> => {
  const route = ROUTES.find(({ path }) => path.test(call.path));
  if (route === undefined) return errorReply(404, 'not_found', 'There is nothing at this path.');
  if (call.body.length > MAX_BODY) return errorReply(413, 'body_too_large', `A body may have ${MAX_BODY} characters.`);
  try {
    const rules = await deps.rules.current();
    return await route.speak({ operations: deps.operations, rules, log: deps.log }, call);
  } catch (error) {
    return failureReply(deps.log, call, error, 'The table of locks does not answer; ask again.');
  }
};
