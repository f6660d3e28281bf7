import { actorOfClaims } from '#domain/access/actor.ts';
import { mayDo } from '#domain/access/permissions.ts';
import { decideHold, decideRelease } from '#domain/drain/decide-others.ts';
import type { PairKey } from '#domain/drain/drain-state.ts';
import { errorReply, type HttpCall, type HttpReply, jsonReply } from '#wire/api/http-call.ts';
import { parseReason, syncJson } from '#wire/drain/sync-json.ts';
import type { HostsApiDeps } from './hosts-deps.ts';
import { followUp, limitsOf, type SyncSubject, showSync, subjectOf, viewOf } from './sync-calls.ts';
import { invalid, notFound } from './sync-replies.ts';

type Action = 'hold' | 'release';
type Allowed = { readonly name: string; readonly subject: SyncSubject } | { readonly reply: HttpReply };

/** Admins of the host's site and of the network; who it is, the route's JWT says. */
const allowed = async (deps: HostsApiDeps, call: HttpCall, action: Action, key: PairKey): Promise<Allowed> => {
  if (call.claims === undefined)
    return { reply: errorReply(401, 'unauthenticated', 'This needs a token of the identity provider.') };
  const known = await deps.reads.host(key.host);
  const subject = known === undefined ? undefined : subjectOf(known.inventory, key);
  if (subject === undefined) return { reply: notFound() };
  const { sites, settings } = subject.inventory;
  const actor = actorOfClaims(call.claims, settings.access);
  if (actor.kind !== 'user') return { reply: errorReply(401, 'unauthenticated', 'The token does not say who you are.') };
  const may = mayDo(actor, `drain.${action}`, [subject.member.host.site], { sites, policy: settings.access });
  if (may) return { name: actor.name, subject };
  return { reply: errorReply(403, 'forbidden', 'Only admins of the site and of the network may do this.') };
};

/** An operator takes a host out of service, or lets it be verified and return. */
export const operateSync = async (deps: HostsApiDeps, call: HttpCall, action: Action, key: PairKey): Promise<HttpReply> => {
  const operator = await allowed(deps, call, action, key);
  if ('reply' in operator) return operator.reply;
  const { name, subject } = operator;
  const parsed = parseReason(call.body);
  if (parsed.kind === 'invalid') return invalid(parsed.problems);
  const { reason } = parsed.value;
  const keys = limitsOf(subject).map((limit) => limit.key);
  const { pair, change } = await deps.drains.change(key, keys, (now) => {
    const view = viewOf(deps, subject, now, `operator:${name}`);
    return action === 'hold' ? decideHold(view, name, reason) : decideRelease(view, reason);
  });
  if (change !== undefined) await followUp(deps, subject, change.transition);
  if (pair === undefined) return errorReply(409, 'not_held', 'Nobody holds this host back.');
  return jsonReply(200, syncJson(await showSync(deps, subject, pair)));
};
