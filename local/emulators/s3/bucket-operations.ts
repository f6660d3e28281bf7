import { S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';
import { emptyResponse, type S3Response, xmlResponse } from './s3-response.ts';
import { assertBucket, type S3State } from './s3-state.ts';
import { element, xmlDocument } from './s3-xml.ts';
import { readTextBody } from './verified-body.ts';

const MAX_CONFIGURATION_BYTES = 64 * 1024;

export function listBuckets(state: S3State): S3Response {
  const buckets = state.index
    .buckets()
    .map(({ name, createdMs }) =>
      element('Bucket', [element('Name', name), element('CreationDate', new Date(createdMs).toISOString())]),
    );
  return xmlResponse(
    xmlDocument('ListAllMyBucketsResult', [element('Owner', [element('ID', 'local')]), element('Buckets', buckets)]),
  );
}

/** As in us-east-1, creating a bucket one already owns succeeds. */
export async function createBucket(state: S3State, request: S3Request): Promise<S3Response> {
  await readTextBody(request, MAX_CONFIGURATION_BYTES);
  const { bucket } = request;
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) || bucket.includes('..') || /^\d+\.\d+\.\d+\.\d+$/.test(bucket)) {
    throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.');
  }
  state.index.createBucket(bucket, Date.now());
  return emptyResponse(200, { location: `/${bucket}` });
}

export function headBucket(state: S3State, request: S3Request): S3Response {
  assertBucket(state, request.bucket);
  return emptyResponse(200, { 'x-amz-bucket-region': 'us-east-1' });
}

export async function deleteBucket(state: S3State, request: S3Request): Promise<S3Response> {
  const { bucket } = request;
  assertBucket(state, bucket);
  if (state.index.objectsAfter(bucket, '', Buffer.alloc(0), 1).length > 0) {
    throw new S3Error('BucketNotEmpty', 'The bucket you tried to delete is not empty');
  }
  const uploads = state.index.uploads(bucket);
  const bodies = uploads.flatMap((upload) => state.index.parts(upload.id).map((part) => part.bodyId));
  state.index.atomically(() => {
    for (const upload of uploads) state.index.deleteUpload(upload.id);
    state.index.deleteBucket(bucket);
  });
  await Promise.all(bodies.map((id) => state.bodies.remove(id)));
  return emptyResponse(204);
}
