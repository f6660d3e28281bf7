/**
 * The story of one request for content: decode the path, find what is mounted there, answer from it. Every outcome is a reply; nothing
 * a client sends is an error of ours.
 */
import type { Conditions } from '#domain/content/answer-bytes.ts';
import { decodePath } from '#domain/content/content-path.ts';
import type { ContentRules, ProxyVolume } from '#domain/content/content-rules.ts';
import { mountsBelow } from '#domain/content/directory.ts';
import { directoryPage } from '#domain/content/directory-page.ts';
import { hostName, placeOfHost } from '#domain/content/host-names.ts';
import { MIRROR_INFO, mirrorInfo } from '#domain/content/mirror-info.ts';
import { type ContentPath, resolveMount } from '#domain/content/mounts.ts';
import type { NetworkContent } from '#ports/content-rules-store.ts';
import type { Log } from '#ports/log.ts';
import type { ContentReply } from './content-reply.ts';
import type { HeldValue } from './held-value.ts';
import { badRequest, METHOD_NOT_ALLOWED, madeReply, movedTo, NOTHING, notFound, pageReply, UNAVAILABLE } from './replies.ts';
import { serveVolume } from './serve-volume.ts';
import type { VolumeDeps } from './volume-files.ts';

export interface ContentRequest {
  readonly method: string;
  /** Still percent-encoded. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** What a proxy volume is asked. */
export interface ProxyQuestion {
  readonly volume: ProxyVolume;
  readonly method: 'GET' | 'HEAD';
  /** Below the mount, decoded. */
  readonly path: string;
  readonly headers: Conditions & { readonly accept: string | undefined };
  /** The mount with a slash before it, where links of pages lead. */
  readonly placeMount: string;
  readonly crawl: NetworkContent['crawl'];
}

export interface ContentDeps extends VolumeDeps {
  readonly rules: HeldValue<NetworkContent>;
  readonly serveProxy: (question: ProxyQuestion) => Promise<ContentReply>;
  readonly log: Log;
}

type Headers = ContentRequest['headers'];
type Mount = Pick<ContentRules['volumes'][number] | ContentRules['proxies'][number], 'id' | 'mount' | 'type'>;

const ROBOTS = 'User-agent: *\nDisallow: /\n';
/** A day: nobody changes it. */
const ROBOTS_CACHING = 'public, max-age=86400';

const conditionsOf = (headers: Headers): Conditions => ({
  ifNoneMatch: headers['if-none-match'],
  ifModifiedSince: headers['if-modified-since'],
  range: headers['range'],
  ifRange: headers['if-range'],
});

/** The CDN reduces the header to one of a few values; without a CDN it is as the client wrote it. */
const acceptOf = (headers: Headers): string | undefined => headers['x-mirrortide-accept'] ?? headers['accept'];

const mirrorInfoReply = ({ names }: ContentRules, mounts: readonly Mount[], headers: Headers): ContentReply => {
  const host = hostName(headers['x-mirrortide-host'] ?? headers['host']);
  if (host === undefined) return badRequest('The request has no name of a host.');
  const scheme = headers['x-mirrortide-scheme'] === 'https' ? 'https' : 'http';
  const text = mirrorInfo({ host, scheme, place: placeOfHost(names, host), mounts });
  return madeReply(text, conditionsOf(headers), {
    'content-type': 'text/x-shellscript; charset=utf-8',
    'cache-control': 'public, max-age=60',
  });
};

/** What is beside and above the mounts. */
const outsideReply = (rules: ContentRules, mounts: readonly Mount[], path: string, headers: Headers): ContentReply => {
  if (path === `/${MIRROR_INFO}`) return mirrorInfoReply(rules, mounts, headers);
  if (path === '/robots.txt')
    return madeReply(ROBOTS, conditionsOf(headers), { 'content-type': 'text/plain', 'cache-control': ROBOTS_CACHING });
  const directory = mountsBelow(mounts, path.endsWith('/') ? path.slice(1) : `${path.slice(1)}/`);
  if (directory === undefined) return notFound();
  return path.endsWith('/') ? pageReply(directoryPage({ path, directory }), conditionsOf(headers)) : movedTo(`${path}/`);
};

const mountedReply = (
  deps: ContentDeps,
  content: NetworkContent,
  found: ContentPath,
  path: string,
  { method, headers }: ContentRequest,
): ContentReply | Promise<ContentReply> => {
  if (found.isBare) return movedTo(`${path}/`);
  const [conditions, accept] = [conditionsOf(headers), acceptOf(headers)];
  const volume = content.rules.volumes.find(({ id }) => id === found.volume);
  if (volume !== undefined) return serveVolume(deps, { volume, found, path, conditions, accept, withBody: method === 'GET' });
  const proxy = content.rules.proxies.find(({ id }) => id === found.volume);
  if (proxy === undefined || found.release.kind !== 'current') return notFound();
  return deps.serveProxy({
    volume: proxy,
    method: method === 'HEAD' ? 'HEAD' : 'GET',
    path: found.path,
    headers: { ...conditions, accept },
    placeMount: `/${proxy.mount}`,
    crawl: content.crawl,
  });
};

const answer = async (deps: ContentDeps, request: ContentRequest): Promise<ContentReply> => {
  if (request.method !== 'GET' && request.method !== 'HEAD') return METHOD_NOT_ALLOWED;
  const decoded = decodePath(request.path);
  if (decoded.kind === 'malformed') return badRequest('The path is not percent-encoded UTF-8.');
  if (decoded.kind === 'elsewhere') return movedTo(decoded.path);
  const content = await deps.rules.current();
  const mounts: readonly Mount[] = [...content.rules.volumes, ...content.rules.proxies];
  const found = resolveMount(mounts, decoded.path);
  return found === undefined
    ? outsideReply(content.rules, mounts, decoded.path, request.headers)
    : await mountedReply(deps, content, found, decoded.path, request);
};

/** Whoever asks for the head alone learns how long the whole is. */
const headOf = ({ status, headers, body }: ContentReply): ContentReply => ({
  status,
  headers: status === 200 ? { 'content-length': String(body.length), ...headers } : headers,
  body: NOTHING,
});

export const content = async (deps: ContentDeps, request: ContentRequest): Promise<ContentReply> => {
  try {
    const reply = await answer(deps, request);
    const guarded = { ...reply, headers: { ...reply.headers, 'x-content-type-options': 'nosniff' } };
    return request.method === 'HEAD' ? headOf(guarded) : guarded;
  } catch (error) {
    deps.log.error('content not served', { path: request.path, error });
    return UNAVAILABLE;
  }
};
