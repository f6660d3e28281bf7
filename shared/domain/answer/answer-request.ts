/**
 * One question, one answer: resolves the target, selects hosts and renders the format. The HTTP function, the publisher's
 * self-test and the static lists all answer through this one function, so what is tested and what is served cannot differ.
 * A list in which nothing fits the client is 404 and never an empty 200: apt waits for ever on an empty list.
 */
import { METALINK_TYPE, renderMetalink } from '../metalink/render-metalink.ts';
import { type ListHeading, renderAptList, renderMirrorlist, TEXT_TYPE } from '../mirrorlist/render-mirrorlist.ts';
import type { Client } from '../selection/client.ts';
import { select } from '../selection/select.ts';
import type { Accepted, SelectionRequest } from '../selection/selection.ts';
import type { SnapshotPointer, SnapshotRepository } from '../snapshot/document.ts';
import type { SnapshotView } from '../snapshot/view.ts';
import type { Answer } from './answer.ts';
import { errorAnswer } from './error-answer.ts';
import { explain } from './explain.ts';
import type { AnswerRequest, ListRequest } from './request.ts';
import { type Resolved, resolveTarget } from './resolve-target.ts';

type Found = Extract<Resolved, { readonly kind: 'found' }>;

/** What a browser, dnf's plain lists and apt can fetch; never ftp. */
const WEB_PROTOCOLS = ['https', 'http'];
const ALL_PROTOCOLS = [...WEB_PROTOCOLS, 'rsync'];

/** apt would follow a redirect of its list and then wait for ever, so for its repositories `redirect` is not heard. */
const redirects = (request: ListRequest, found: Found): boolean =>
  request.redirect && request.format === 'mirrorlist' && found.type !== 'apt';

/** Metalinks, and explanations of repositories whose clients use them. */
const isMetalink = (request: ListRequest, found: Found): boolean =>
  request.format === 'metalink' || (request.format === 'explain' && found.type === 'rpm');

const protocolsFor = (request: ListRequest, found: Found): readonly string[] => {
  if (isMetalink(request, found)) return request.protocols ?? ALL_PROTOCOLS;
  if (request.protocols === undefined) return WEB_PROTOCOLS;
  const webOnly = request.redirect || found.type === 'apt';
  return webOnly ? request.protocols.filter((protocol) => WEB_PROTOCOLS.includes(protocol)) : request.protocols;
};

const selectionRequest = (view: SnapshotView, request: ListRequest, found: Found): SelectionRequest => ({
  standings: view.standings(found.standings),
  topic: found.topic,
  alternatesFollow: isMetalink(request, found),
  countries: request.countries,
  protocols: protocolsFor(request, found),
  netblock: request.netblock,
});

const noHost = (request: ListRequest, found: Found, pointer: SnapshotPointer): Answer =>
  errorAnswer(
    request.format,
    { status: 404, problem: `${found.title}error: no mirror fits this client; /explain says why`, near: [] },
    pointer.publishedMs,
  );

const redirectAnswer = (accepted: readonly Accepted[], suffix: string): Answer => ({
  status: 302,
  contentType: TEXT_TYPE,
  headers: { location: `${accepted[0]?.urls[0]?.url ?? ''}${suffix}` },
  body: '',
});

const metalinkAnswer = (
  view: SnapshotView,
  repository: SnapshotRepository,
  found: Found,
  accepted: readonly Accepted[],
  pointer: SnapshotPointer,
): Answer => {
  const name = repository.headPath.slice(repository.headPath.lastIndexOf('/') + 1);
  const file = { name, heads: repository.heads, suffix: found.suffix };
  return {
    status: 200,
    contentType: METALINK_TYPE,
    headers: {},
    body: renderMetalink(view, file, accepted, pointer.publishedMs),
  };
};

const answerList = (view: SnapshotView, pointer: SnapshotPointer, request: ListRequest, client: Client): Answer => {
  const found = resolveTarget(view, request.target, request.format);
  if (found.kind === 'missing') return errorAnswer(request.format, { status: 404, ...found }, pointer.publishedMs);
  const selecting = selectionRequest(view, request, found);
  if (request.format === 'explain') return explain(view, pointer, { request, found, selecting }, client);
  const { accepted } = select(view, selecting, client);
  if (accepted.length === 0) return noHost(request, found, pointer);
  if (redirects(request, found)) return redirectAnswer(accepted, found.suffix);
  if (request.format === 'metalink' && found.repository !== undefined) {
    return metalinkAnswer(view, found.repository, found, accepted, pointer);
  }
  const heading: ListHeading = {
    title: found.title,
    protocols: request.protocols,
    publishedMs: request.time ? pointer.publishedMs : undefined,
  };
  const render = found.type === 'apt' ? renderAptList : renderMirrorlist;
  return { status: 200, contentType: TEXT_TYPE, headers: {}, body: render(view, heading, accepted, found.suffix) };
};

/** Pure and total: the same arguments give the same bytes, and nothing a client sends makes it throw. */
export const answerRequest = (view: SnapshotView, pointer: SnapshotPointer, request: AnswerRequest, client: Client): Answer =>
  request.kind === 'invalid'
    ? errorAnswer(request.format, { status: 400, problem: request.problem, near: [] }, pointer.publishedMs)
    : answerList(view, pointer, request, client);
