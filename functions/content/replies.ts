import { hash } from 'node:crypto';
import { encodePath } from '#domain/answer/url-path.ts';
import { type Conditions, listsTag } from '#domain/content/answer-bytes.ts';
import { PAGE_POLICY } from '#domain/content/directory-page.ts';
import { BRIEFLY, CHANGING } from '#domain/content/serve.ts';
import type { ContentReply } from './content-reply.ts';

type Headers = Readonly<Record<string, string>>;

const TEXT = 'text/plain; charset=utf-8';
const ETAG_LENGTH = 22;
const RETRY_AFTER_S = '5';
export const NOTHING = new Uint8Array();

export const plain = (status: number, text: string, headers: Headers): ContentReply => ({
  status,
  headers: { 'content-type': TEXT, ...headers },
  body: Buffer.from(text),
});

export const notFound = (text = 'There is nothing at this path.'): ContentReply =>
  plain(404, `${text}\n`, { 'cache-control': BRIEFLY });
export const badRequest = (text: string): ContentReply => plain(400, `${text}\n`, { 'cache-control': BRIEFLY });
export const METHOD_NOT_ALLOWED = plain(405, 'Only GET and HEAD.\n', { allow: 'GET, HEAD', 'cache-control': BRIEFLY });
export const notAcceptable = (forms: readonly string[]): ContentReply =>
  plain(406, `This is there as ${forms.join(', ')}.\n`, { 'cache-control': BRIEFLY, vary: 'accept' });
export const tooLarge = (text: string): ContentReply => plain(507, `${text}\n`, { 'cache-control': BRIEFLY });
/** Caches answer with what they had before. */
export const UNAVAILABLE = plain(503, 'No answer for now. Try again in a few seconds.\n', {
  'cache-control': 'no-store',
  'retry-after': RETRY_AFTER_S,
});

/** `path` is decoded, begins with one slash, and is on the same host. */
export const movedTo = (path: string): ContentReply => ({
  status: 301,
  headers: { location: encodePath(path), 'cache-control': CHANGING },
  body: NOTHING,
});

/** A document that is made when it is asked for; its tag is made of its text. */
export const madeReply = (text: string, { ifNoneMatch }: Conditions, headers: Headers): ContentReply => {
  const etag = `"${hash('sha256', text, 'base64url').slice(0, ETAG_LENGTH)}"`;
  const tagged = { etag, 'cache-control': CHANGING, ...headers };
  const isKnown = ifNoneMatch !== undefined && listsTag(ifNoneMatch, etag);
  return isKnown ? { status: 304, headers: tagged, body: NOTHING } : { status: 200, headers: tagged, body: Buffer.from(text) };
};

export const pageReply = (html: string, conditions: Conditions): ContentReply =>
  madeReply(html, conditions, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': PAGE_POLICY });
