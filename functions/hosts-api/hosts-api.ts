import { failureReply } from '#wire/api/failure-reply.ts';
import { errorReply, type HttpCall, type HttpReply } from '#wire/api/http-call.ts';
import { answerCheckIn, MAX_CHECK_IN_BYTES } from './answer-check-in.ts';
import { answerReport } from './answer-report.ts';
import type { HostsApiDeps } from './hosts-deps.ts';
import type { Route } from './route.ts';
import { SYNC_ROUTES } from './sync-routes.ts';

/** A packed megabyte as base64, and the XML around it. */
const MAX_REPORT = 1_500_000;

/** The first that fits answers. */
const ROUTES: readonly Route[] = [
  { path: /^\/api\/v1\/checkins$/, maxBody: MAX_CHECK_IN_BYTES, answer: answerCheckIn },
  { path: /^\/xmlrpc\/?$/, maxBody: MAX_REPORT, answer: answerReport },
  ...SYNC_ROUTES,
];

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
    return failureReply(deps.log, call, error, 'Nothing could be stored for now; ask again.');
  }
};
