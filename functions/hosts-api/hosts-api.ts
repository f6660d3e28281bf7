import { Fault } from '#domain/errors.ts';
import { errorReply, type HttpCall, type HttpReply, retryAfterHeader } from '#wire/api/http-call.ts';
import { answerCheckIn } from './answer-check-in.ts';
import { answerReport } from './answer-report.ts';
import type { HostsApiDeps } from './hosts-deps.ts';
import type { Route } from './route.ts';
import { SYNC_ROUTES } from './sync-routes.ts';

const MIB = 1_048_576;
/** A packed megabyte as base64, and the XML around it. */
const MAX_REPORT = 1_500_000;
/** After a fault: the tables recover in seconds or not at all. */
const RETRY_AFTER_FAULT_MS = 10_000;

/** The first that fits answers. */
const ROUTES: readonly Route[] = [
  { path: /^\/api\/v1\/checkins$/, maxBody: MIB, answer: answerCheckIn },
  { path: /^\/xmlrpc\/?$/, maxBody: MAX_REPORT, answer: answerReport },
  ...SYNC_ROUTES,
];

const unavailable = (): HttpReply =>
  errorReply(503, 'backend_unavailable', 'Nothing could be stored for now; ask again.', retryAfterHeader(RETRY_AFTER_FAULT_MS));

/** Everything that a host says of itself, on its own token. Whatever a client sends is answered with 4xx at worst. */
export const hostsApi = async (deps: HostsApiDeps, call: HttpCall): Promise<HttpReply> => {
  const route = ROUTES.find(({ path }) => path.test(call.path));
  if (route === undefined) return errorReply(404, 'not_found', 'There is nothing at this path.');
  if (call.body.length > route.maxBody) {
    return errorReply(413, 'body_too_large', `A body may have ${route.maxBody} characters.`);
  }
  try {
    return await route.answer(deps, call);
  } catch (error) {
    if (error instanceof Fault) {
      deps.log.warn('a request was not answered in time', { path: call.path, error });
      return unavailable();
    }
    deps.log.error('a request failed', { path: call.path, error });
    return errorReply(500, 'internal_error', 'The request failed; the log of the function says why.');
  }
};
