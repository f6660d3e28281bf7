import { WireError } from '#domain/errors.ts';
import { isSha256 } from '#domain/volume/tree.ts';
import { passesIfNoneMatch } from '#wire/api/entity-tags.ts';
import { errorReply, type HttpReply } from '#wire/api/http-call.ts';
import { parseRoot, parseShard } from '#wire/tree/tree-document.ts';
import type { VolumeRequest } from './volumes-deps.ts';

/** A function's reply has six megabytes at most, as JSON. A root of this size is of forty million files. */
const MOST_BYTES = 5_000_000;

const BRACE = 0x7b;

/** Nothing but trees is shown here: files are behind the mounts of volumes. */
const isDocument = (bytes: Uint8Array): boolean => {
  try {
    if (bytes[0] === BRACE) parseRoot(bytes);
    else parseShard(bytes);
    return bytes.length > 0;
  } catch (error) {
    if (error instanceof WireError) return false;
    throw error;
  }
};

const notFound = (): HttpReply => errorReply(404, 'not_found', 'There is no such root or shard.');

/** The root of a tree, or one of its shards, byte for byte: whoever knows the hash can tell that it is the one. */
export const readDocument = async ({ deps, call, params: [, sha256 = ''] }: VolumeRequest): Promise<HttpReply> => {
  const sizeBytes = isSha256(sha256) ? await deps.objects.sizeBytes(sha256) : undefined;
  if (sizeBytes === undefined) return notFound();
  if (sizeBytes > MOST_BYTES) return errorReply(413, 'too_large', `Only documents of at most ${MOST_BYTES} bytes are sent.`);
  const bytes = await deps.objects.read(sha256, MOST_BYTES);
  if (bytes === undefined || !isDocument(bytes)) return notFound();
  const headers = { etag: `"${sha256}"`, 'cache-control': 'private, max-age=31536000, immutable' };
  if (!passesIfNoneMatch(call.headers['if-none-match'], headers.etag)) return { statusCode: 304, headers, body: '' };
  const type = { 'content-type': 'text/plain; charset=utf-8' };
  return { statusCode: 200, headers: { ...headers, ...type }, body: new TextDecoder().decode(bytes) };
};
