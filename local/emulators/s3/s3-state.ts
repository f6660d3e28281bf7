import type { BodyStore } from './body-store.ts';
import type { ObjectIndex, StoredObject } from './object-index.ts';
import { S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';

export interface S3State {
  readonly index: ObjectIndex;
  readonly bodies: BodyStore;
  /** Uploads being put together right now; parts may neither come nor go meanwhile. */
  readonly completing: Set<string>;
}

export function assertBucket(state: S3State, bucket: string): void {
  if (!state.index.hasBucket(bucket)) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist');
}

/** S3 keeps whole seconds; a finer stamp would pass tests that fail there. */
export function currentSecondMs(): number {
  return Math.floor(Date.now() / 1000) * 1000;
}

const STORED_HEADERS = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
  'x-amz-storage-class',
];
/** Sent by callers who rely on them: silence would be a lie. */
const REFUSED_HEADERS =
  /^x-amz-(tagging|object-lock-.*|server-side-encryption-customer-.*|website-redirect-location|write-offset-bytes)$/;

/** The headers a write leaves on the object. `aws-chunked` describes the transfer, not the object. */
export function objectHeaders(request: S3Request): Record<string, string> {
  const kept: Record<string, string> = { 'content-type': 'application/octet-stream' };
  for (const [name, value] of request.headers) {
    if (REFUSED_HEADERS.test(name)) throw new S3Error('NotImplemented', `This emulator does not implement the header ${name}.`);
    if (name === 'content-encoding') {
      const codings = value.split(',').map((coding) => coding.trim());
      const lasting = codings.filter((coding) => coding !== 'aws-chunked' && coding !== '').join(',');
      if (lasting !== '') kept[name] = lasting;
    } else if (STORED_HEADERS.includes(name) || name.startsWith('x-amz-meta-')) {
      kept[name] = value;
    }
  }
  return kept;
}

/**
 * The one place where an object comes into being: the condition and the write happen in one turn of the event loop.
 * The new body is removed when the condition fails, the replaced one when it holds.
 */
export async function commitObject(
  state: S3State,
  bucket: string,
  object: StoredObject,
  holds: (current?: StoredObject) => void,
): Promise<void> {
  let superfluous = object.bodyId;
  try {
    assertBucket(state, bucket);
    const current = state.index.object(bucket, object.key);
    state.index.atomically(() => {
      holds(current);
      state.index.putObject(bucket, object);
    });
    superfluous = current?.bodyId ?? '';
  } finally {
    if (superfluous !== '') await state.bodies.remove(superfluous);
  }
}
