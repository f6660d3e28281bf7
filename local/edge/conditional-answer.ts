import type { IncomingHttpHeaders } from 'node:http';
import { listsTag } from '#domain/content/answer-bytes.ts';
import { byteRange } from '#domain/content/byte-range.ts';
import type { EdgeAnswer } from './edge-cache.ts';

function partOf(answer: EdgeAnswer, { range, 'if-range': ifRange }: IncomingHttpHeaders): EdgeAnswer {
  const { etag } = answer.headers;
  const sizeBytes = answer.body.byteLength;
  // A part of something else than the client has is of no use; what has no tag cannot be told from something else.
  const part = byteRange(ifRange === undefined || ifRange === etag ? range : undefined, sizeBytes);
  switch (part.kind) {
    case 'all':
      return answer;
    case 'unsatisfiable':
      return {
        status: 416,
        headers: { ...answer.headers, 'content-range': `bytes */${sizeBytes}` },
        body: Buffer.alloc(0),
      };
    case 'part':
      return {
        status: 206,
        headers: { ...answer.headers, 'content-range': `bytes ${part.start}-${part.endExclusive - 1}/${sizeBytes}` },
        body: answer.body.subarray(part.start, part.endExclusive),
      };
  }
}

/** What a cache makes of a whole answer (RFC 9110, 13 and 14): nothing new for who has it, and a part for who asks for one. */
export function conditionalAnswer(answer: EdgeAnswer, headers: IncomingHttpHeaders): EdgeAnswer {
  const etag = answer.headers['etag'];
  if (answer.status !== 200) return answer;
  const ifNoneMatch = headers['if-none-match'];
  if (etag !== undefined && ifNoneMatch !== undefined && listsTag(ifNoneMatch, etag.replace(/^W\//, '')))
    return { status: 304, headers: answer.headers, body: Buffer.alloc(0) };
  return answer.headers['accept-ranges'] === 'bytes' ? partOf(answer, headers) : answer;
}
