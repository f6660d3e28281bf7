/**
 * The story of one path of a proxy volume:
 *
 *   the path ──▶ a URL below upstream ──kept, and fresh──▶ served
 *                     │ not kept, or to be asked about
 *                     ▼
 *                upstream, asked by one of all functions ──fails──▶ what was kept, for days; else an error for seconds
 *                     │
 *                     ▼
 *                kept under its hash, and served: small files at once, large ones by a redirect to their hash
 */
import { answerBytes, INLINE_BYTES } from '#domain/content/answer-bytes.ts';
import { FOREIGN_HEADERS, SOURCE_HEADER, servedBytes } from '#domain/content/proxy-answer.ts';
import { type ProxyPage, proxyPlace } from '#domain/content/proxy-place.ts';
import type { ProxyQuestion } from '../content.ts';
import type { ContentReply } from '../content-reply.ts';
import { movedTo, NOTHING } from '../replies.ts';
import type { ProxyDeps } from './proxy-deps.ts';
import { NOWHERE } from './proxy-replies.ts';
import { projectReply, projectsReply } from './python-replies.ts';
import { replyWith } from './reply-with.ts';

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1) || 'index.html';

const fileReply = (deps: ProxyDeps, question: ProxyQuestion, page: ProxyPage): Promise<ContentReply> => {
  const { volume, crawl, path, method, headers: conditions } = question;
  const wanted = { ...page, volume, crawl, maximumBytes: volume.maximumBytes };
  return replyWith(deps, question, wanted, async ({ known, checkedMs, source, bytes }) => {
    const served = { checkedMs, source, isImmutable: page.isImmutable && known.isSure };
    const answer = answerBytes(servedBytes(volume, known, nameOf(path), served, deps.clock.now()), conditions);
    const headers = { ...answer.headers, ...FOREIGN_HEADERS, [SOURCE_HEADER]: source };
    if (answer.kind === 'empty') return { status: answer.status, headers, body: NOTHING };
    const [start, end] = answer.kind === 'part' ? [answer.start, answer.endExclusive] : [0, known.sizeBytes];
    if (method === 'HEAD')
      return { status: answer.status, headers: { ...headers, 'content-length': String(end - start) }, body: NOTHING };
    const whole = bytes ?? (await deps.bytes.read(known.sha256, INLINE_BYTES));
    return whole && { status: answer.status, headers, body: whole.subarray(start, end) };
  });
};

/** Throws Fault when what is kept cannot be read or written. */
export const serveProxy = async (deps: ProxyDeps, question: ProxyQuestion): Promise<ContentReply> => {
  const place = proxyPlace(question.volume, question.path);
  switch (place.kind) {
    case 'file':
      return fileReply(deps, question, place);
    case 'project':
      return projectReply(deps, question, place, place.project);
    case 'projects':
      return projectsReply(deps, question, place);
    case 'moved':
      return movedTo(`${question.placeMount}/${place.path}`);
    case 'nowhere':
      return NOWHERE;
  }
};
