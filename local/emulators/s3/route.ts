import { createBucket, deleteBucket, headBucket, listBuckets } from './bucket-operations.ts';
import { completeUpload } from './complete-upload.ts';
import { copyObject } from './copy-object.ts';
import { deleteObjects } from './delete-objects.ts';
import { listObjects } from './list-objects.ts';
import { abortUpload, copyPart, createUpload, listParts, listUploads, uploadPart } from './multipart-upload.ts';
import { deleteObject, putObject, readObject } from './object-operations.ts';
import { notImplemented, S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';
import type { S3Response } from './s3-response.ts';
import type { S3State } from './s3-state.ts';

type Operation = (state: S3State, request: S3Request) => S3Response | Promise<S3Response>;

/** Every subresource S3 knows that is not served here: answering as if it were not there would read or write the wrong thing. */
const UNSERVED =
  /^(accelerate|acl|analytics|attributes|cors|encryption|intelligent-tiering|inventory|legal-hold|lifecycle|location|logging|metrics|notification|object-lock|ownershipControls|policy|policyStatus|publicAccessBlock|renameObject|replication|requestPayment|restore|retention|select|session|tagging|torrent|versionId|versioning|versions|website)$/;

export function route(request: S3Request): Operation {
  for (const name of request.query.keys()) {
    if (UNSERVED.test(name)) throw notImplemented(`?${name}`);
  }
  const operation =
    request.bucket === '' ? serviceOperation(request) : request.key === '' ? bucketOperation(request) : objectOperation(request);
  if (operation === undefined)
    throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.');
  return operation;
}

function serviceOperation(request: S3Request): Operation | undefined {
  return request.method === 'GET' ? listBuckets : undefined;
}

function bucketOperation(request: S3Request): Operation | undefined {
  switch (request.method) {
    case 'GET':
      return request.query.has('uploads') ? listUploads : listObjects;
    case 'HEAD':
      return headBucket;
    case 'PUT':
      return createBucket;
    case 'DELETE':
      return deleteBucket;
    case 'POST':
      return request.query.has('delete') ? deleteObjects : undefined;
    default:
      return undefined;
  }
}

function objectOperation(request: S3Request): Operation | undefined {
  if (request.query.has('uploadId')) return uploadOperation(request);
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      return readObject;
    case 'PUT':
      return request.headers.has('x-amz-copy-source') ? copyObject : putObject;
    case 'DELETE':
      return deleteObject;
    case 'POST':
      return request.query.has('uploads') ? createUpload : undefined;
    default:
      return undefined;
  }
}

function uploadOperation(request: S3Request): Operation | undefined {
  switch (request.method) {
    case 'GET':
      return listParts;
    case 'PUT':
      return request.headers.has('x-amz-copy-source') ? copyPart : uploadPart;
    case 'DELETE':
      return abortUpload;
    case 'POST':
      return completeUpload;
    default:
      return undefined;
  }
}
