import { errorReply, type HttpCall, type HttpReply } from './http-call.ts';

export type ParsedBody =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'reply'; readonly reply: HttpReply };

/** Deeper than any document of ours; deeper ones would only exhaust whoever walks them. */
const DEEPEST = 30;

const isTooDeep = (top: unknown): boolean => {
  let level: readonly unknown[] = [top];
  for (let depth = 0; depth <= DEEPEST; depth += 1) {
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
    if (level.length === 0) return false;
  }
  return true;
};

const refuse = (statusCode: number, kind: string, value: string, headers = {}): ParsedBody => ({
  kind: 'reply',
  reply: errorReply(statusCode, kind, value, headers),
});

/** The body as JSON, of one of the given media types; whoever names none is taken to send JSON. */
export const parseJsonBody = (
  call: Pick<HttpCall, 'headers' | 'body'>,
  mediaTypes: readonly string[],
  maxBytes: number,
): ParsedBody => {
  const type = call.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== undefined && type !== '' && !mediaTypes.includes(type)) {
    return refuse(415, 'unsupported_media_type', `Send ${mediaTypes.join(' or ')}.`, { accept: mediaTypes.join(', ') });
  }
  // A text of this many UTF-16 units has at least as many bytes.
  if (call.body.length > maxBytes || new TextEncoder().encode(call.body).byteLength > maxBytes) {
    return refuse(413, 'body_too_large', `A body may have ${maxBytes} bytes.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(call.body);
  } catch {
    return refuse(400, 'invalid_json', call.body === '' ? 'The body is empty; send JSON.' : 'The body is not JSON.');
  }
  return isTooDeep(value)
    ? refuse(400, 'invalid_json', `The body is nested deeper than ${DEEPEST} levels.`)
    : { kind: 'value', value };
};
