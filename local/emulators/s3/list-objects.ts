import { afterPrefix, type StoredObject } from './object-index.ts';
import { notImplemented, S3Error } from './s3-error.ts';
import { integerParameter, type S3Request } from './s3-request.ts';
import { type S3Response, xmlResponse } from './s3-response.ts';
import { assertBucket, type S3State } from './s3-state.ts';
import { element, xmlDocument } from './s3-xml.ts';

const MAX_KEYS = 1000;

interface Page {
  readonly objects: readonly StoredObject[];
  readonly commonPrefixes: readonly string[];
  /** Where the next page starts, exclusive; absent on the last page. */
  readonly next?: Buffer;
}

/** ListObjectsV2. The token is the position in bytes; clients must not read it. */
export function listObjects(state: S3State, request: S3Request): S3Response {
  assertBucket(state, request.bucket);
  const { query } = request;
  if (query.get('list-type') !== '2') throw notImplemented('ListObjects version 1');
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const startAfter = query.get('start-after');
  const token = query.get('continuation-token');
  const encoding = query.get('encoding-type');
  if (encoding !== undefined && encoding !== 'url')
    throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request');
  const maxKeys = Math.min(integerParameter(request, 'max-keys', MAX_KEYS, { min: 0, max: 2 ** 31 - 1 }), MAX_KEYS);
  const after = token === undefined ? Buffer.from(startAfter ?? '') : readToken(token);
  const page =
    maxKeys === 0 ? { objects: [], commonPrefixes: [] } : collect(state, request.bucket, { prefix, delimiter, after, maxKeys });
  const print = (text: string): string => (encoding === 'url' ? encodeListed(text) : text);
  const owner = query.get('fetch-owner') === 'true';
  return xmlResponse(
    xmlDocument('ListBucketResult', [
      element('Name', request.bucket),
      element('Prefix', print(prefix)),
      element('Delimiter', delimiter === '' ? undefined : print(delimiter)),
      element('StartAfter', startAfter === undefined ? undefined : print(startAfter)),
      element('ContinuationToken', token),
      element('EncodingType', encoding),
      element('KeyCount', page.objects.length + page.commonPrefixes.length),
      element('MaxKeys', maxKeys),
      element('IsTruncated', page.next !== undefined),
      element('NextContinuationToken', page.next?.toString('base64url')),
      ...page.objects.map((object) => contents(object, print, owner)),
      ...page.commonPrefixes.map((common) => element('CommonPrefixes', [element('Prefix', print(common))])),
    ]),
  );
}

interface Selection {
  readonly prefix: string;
  readonly delimiter: string;
  readonly after: Buffer;
  readonly maxKeys: number;
}

/** Walks the keys in order; a common prefix counts as one entry and is jumped over in one step. */
function collect(state: S3State, bucket: string, { prefix, delimiter, after, maxKeys }: Selection): Page {
  const objects: StoredObject[] = [];
  const commonPrefixes: string[] = [];
  let position = after;
  const nextBatch = (): StoredObject[] =>
    state.index.objectsAfter(bucket, prefix, position, maxKeys + 1 - objects.length - commonPrefixes.length);
  for (let batch = nextBatch(); batch.length > 0; batch = nextBatch()) {
    for (const object of batch) {
      const common = commonPrefixOf(object.key, prefix, delimiter);
      // A page may start inside a common prefix that start-after names a key of: S3 still lists that prefix.
      if (common !== undefined && common === commonPrefixes.at(-1)) continue;
      if (objects.length + commonPrefixes.length === maxKeys) return { objects, commonPrefixes, next: position };
      if (common === undefined) {
        objects.push(object);
        position = Buffer.from(object.key);
      } else {
        commonPrefixes.push(common);
        position = afterPrefix(Buffer.from(common));
      }
    }
  }
  return { objects, commonPrefixes };
}

function commonPrefixOf(key: string, prefix: string, delimiter: string): string | undefined {
  const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
  return end === -1 ? undefined : key.slice(0, end + delimiter.length);
}

function contents(object: StoredObject, print: (text: string) => string, owner: boolean): string {
  return element('Contents', [
    element('Key', print(object.key)),
    element('LastModified', new Date(object.modifiedMs).toISOString()),
    element('ETag', `"${object.etag}"`),
    ...Object.keys(object.checksums).map((algorithm) => element('ChecksumAlgorithm', algorithm.toUpperCase())),
    element('Size', object.sizeBytes),
    element('StorageClass', object.headers['x-amz-storage-class'] ?? 'STANDARD'),
    element('Owner', owner ? [element('ID', 'local')] : undefined),
  ]);
}

function readToken(token: string): Buffer {
  const position = Buffer.from(token, 'base64url');
  if (token === '' || position.toString('base64url') !== token) {
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
  }
  return position;
}

/** S3's listings encode like a form: slashes stay, a space is `+`. */
export function encodeListed(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/')
    .replaceAll('%20', '+');
}
