import { namesInUrls } from '#domain/access/pending.ts';
import { mayDo } from '#domain/access/permissions.ts';
import { CHALLENGE_LIFE_MS, CHECK_INTERVAL_MS, isChallengeGood, MOST_NAMES, proofPlaces } from '#domain/access/proof.ts';
import type { Host } from '#domain/inventory/inventory.ts';
import type { ProofChallenge } from '#ports/proof-challenges.ts';
import { errorReply, type HttpReply, jsonReply, retryAfterHeader } from '#wire/api/http-call.ts';
import { type AdminRequest, accessTo } from './admin-deps.ts';
import { busy } from './change-part.ts';
import { hostIn } from './document-part.ts';
import { refusalFor } from './entity-calls.ts';
import type { NetworkAt } from './held-network.ts';
import { type Found, lookForProof } from './look-for-proof.ts';
import { hostDocument, withHost } from './network-document.ts';
import { forbidden, notFound } from './replies.ts';
import { untilWritten } from './until-written.ts';

const hostOf = (request: AdminRequest): Host | undefined => hostIn(request.network.inventory, request.params[0] ?? '');

const nothingToProve = (): HttpReply => jsonReply(200, { state: 'proved', names: [] });

/** What is to be published where; with what was found there, when somebody looked. */
const pendingReply = (host: Host, challenge: ProofChallenge, found: readonly Found[]): HttpReply => {
  const { token, createdMs } = challenge;
  const names = proofPlaces(host, token).map(({ name, files, record }) => {
    const { proved, looked } = found.find((one) => one.name === name) ?? {};
    return { name, files, record, proved, looked };
  });
  return jsonReply(200, { state: 'pending', token, expiresMs: createdMs + CHALLENGE_LIFE_MS, names });
};

export const readProof = async (request: AdminRequest): Promise<HttpReply> => {
  const refusal = refusalFor(request, 'host', request.params[0] ?? '', 'proof.read');
  const host = hostOf(request);
  if (refusal !== undefined) return refusal;
  if (host === undefined || !host.pending) return nothingToProve();
  const challenge = await request.deps.challenges.read(host.id);
  const good = challenge !== undefined && isChallengeGood(challenge.createdMs, request.call.arrivedMs);
  return good ? pendingReply(host, challenge, []) : jsonReply(200, { state: 'pending', names: [] });
};

const proved = (network: NetworkAt, host: Host): { readonly after: Host; readonly network: NetworkAt } => {
  const after = { ...host, pending: false };
  const hosts = network.inventory.hosts.map((one) => (one.id === host.id ? after : one));
  const document = withHost(network.document, host.id, after);
  return { after, network: { revision: network.revision + 1, inventory: { ...network.inventory, hosts }, document } };
};

/** The host may have changed while its servers were asked: it must still have no other names than those that were proved. */
const settle = async (request: AdminRequest, id: string, names: readonly string[]): Promise<HttpReply> => {
  const { deps, call, user } = request;
  const reply = await untilWritten(deps.clock, async () => {
    const network = await deps.network.current();
    const host = hostIn(network.inventory, id);
    if (host === undefined) return notFound(`There is no host/${id}.`);
    if (!mayDo(user, 'proof.check', [host.site], accessTo(network))) return forbidden('The host is not yours.');
    if (!host.pending) return nothingToProve();
    if (namesInUrls(host).some((name) => !names.includes(name))) {
      return errorReply(409, 'changed', 'The URLs of the host changed meanwhile; ask again.');
    }
    const next = proved(network, host);
    const outcome = await deps.inventory.commit(
      {
        decidedAt: network.revision,
        put: { kind: 'host', value: next.after },
        audit: {
          atMs: call.arrivedMs,
          by: `user:${user.name}`,
          operation: 'proof',
          entity: `host/${id}`,
          before: hostDocument(host),
          after: hostDocument(next.after),
          requestId: deps.newId(),
        },
        scopes: [
          { kind: 'host', id },
          { kind: 'site', id: host.site },
        ],
        forgetChallenges: [id],
      },
      call.arrivedMs,
    );
    if (outcome.kind !== 'committed') return undefined;
    deps.network.advance(network, next.network);
    return nothingToProve();
  });
  return reply ?? busy();
};

const look = async (request: AdminRequest, host: Host, challenge: ProofChallenge): Promise<HttpReply> => {
  const { deps, call } = request;
  const nowMs = call.arrivedMs;
  if (!(await deps.challenges.beginCheck(host.id, challenge.token, nowMs, nowMs - CHECK_INTERVAL_MS))) {
    return errorReply(429, 'too_soon', 'It was looked for just now.', retryAfterHeader(CHECK_INTERVAL_MS));
  }
  const peer = deps.peer(request.network.inventory.settings.crawl);
  const places = proofPlaces(host, challenge.token);
  const found = await lookForProof({ peer, textRecords: deps.textRecords }, places, challenge.token);
  const isDone = found.length > 0 && found.every((one) => one.proved);
  return isDone
    ? settle(
        request,
        host.id,
        found.map(({ name }) => name),
      )
    : pendingReply(host, challenge, found);
};

/** The first time, and after a month, it tells what to publish where; after that it looks there. */
export const checkProof = async (request: AdminRequest): Promise<HttpReply> => {
  const refusal = refusalFor(request, 'host', request.params[0] ?? '', 'proof.check');
  const host = hostOf(request);
  if (refusal !== undefined) return refusal;
  if (host === undefined || !host.pending) return nothingToProve();
  if (namesInUrls(host).length > MOST_NAMES) {
    return errorReply(409, 'too_many_names', `The URLs have more than ${MOST_NAMES} names; ask an administrator of the network.`);
  }
  const { deps, call } = request;
  const nowMs = call.arrivedMs;
  const known = await deps.challenges.read(host.id);
  if (known !== undefined && isChallengeGood(known.createdMs, nowMs)) return look(request, host, known);
  const wanted = { token: deps.newChallenge(), createdMs: nowMs, checkedMs: undefined };
  return pendingReply(host, await deps.challenges.make(host.id, wanted, nowMs - CHALLENGE_LIFE_MS), []);
};
