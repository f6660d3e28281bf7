import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { EdgeAnswer } from './edge-cache.ts';

export type ContentCoding = 'br' | 'gzip' | 'identity';

/** Smaller bodies grow. */
const SMALLEST_BYTES = 600;
const COMPRESSIBLE = /^(text\/|application\/(json|xml|metalink))|\+xml|\+json/;

/** The best coding that the client names with a weight above 0 (RFC 9110 12.5.3); without the header: none. */
export function chooseCoding(acceptEncoding: string | undefined): ContentCoding {
  const accepted = new Map<string, number>();
  for (const item of (acceptEncoding ?? '').toLowerCase().split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    const value = weight === undefined ? 1 : Number(weight);
    if (name !== '') accepted.set(name, Number.isFinite(value) ? value : 0);
  }
  const weightOf = (coding: string): number => accepted.get(coding) ?? 0;
  if (weightOf('br') > 0 && weightOf('br') >= weightOf('gzip')) return 'br';
  return weightOf('gzip') > 0 ? 'gzip' : 'identity';
}

/**
 * Compresses only when the client asks: librepo and apt send no Accept-Encoding and cannot read a compressed list. An answer that
 * could have been compressed says so in Vary either way. A part of an answer is never compressed.
 */
export async function encodeAnswer(answer: EdgeAnswer, acceptEncoding: string | undefined): Promise<EdgeAnswer> {
  const type = answer.headers['content-type'] ?? '';
  const fits = COMPRESSIBLE.test(type) && answer.body.byteLength >= SMALLEST_BYTES;
  if (!fits || answer.headers['content-encoding'] !== undefined) return answer;
  const headers = {
    ...answer.headers,
    vary: answer.headers['vary'] === undefined ? 'accept-encoding' : `${answer.headers['vary']}, accept-encoding`,
  };
  const coding = chooseCoding(acceptEncoding);
  if (coding === 'identity') return { ...answer, headers };
  const body =
    coding === 'gzip'
      ? await promisify(gzip)(answer.body)
      : await promisify(brotliCompress)(answer.body, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });
  return { ...answer, headers: { ...headers, ...weakTag(answer), 'content-encoding': coding }, body };
}

/** Other bytes than those of which the tag is: parts of one must not be put together with parts of the other (RFC 9110, 8.8.1). */
function weakTag({ headers: { etag } }: EdgeAnswer): Readonly<Record<string, string>> {
  return etag === undefined || etag.startsWith('W/') ? {} : { etag: `W/${etag}` };
}
