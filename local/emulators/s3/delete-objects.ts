import { removeObject } from './object-operations.ts';
import { notImplemented, S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';
import { type S3Response, xmlResponse } from './s3-response.ts';
import { assertBucket, type S3State } from './s3-state.ts';
import { childText, element, parseXml, requiredText, type XmlNode, xmlDocument } from './s3-xml.ts';
import { readTextBody } from './verified-body.ts';

const MAX_OBJECTS = 1000;
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;

/** Every key stands alone: one that fails its condition is reported and the others are still deleted. */
export async function deleteObjects(state: S3State, request: S3Request): Promise<S3Response> {
  assertBucket(state, request.bucket);
  const document = parseXml(await readTextBody(request, MAX_DOCUMENT_BYTES));
  const named = document.children.filter((child) => child.name === 'Object');
  if (named.length === 0 || named.length > MAX_OBJECTS) {
    throw new S3Error('MalformedXML', `A Delete document names from 1 to ${MAX_OBJECTS} objects.`);
  }
  const quiet = childText(document, 'Quiet') === 'true';
  const results: string[] = [];
  for (const node of named) {
    const result = await deleteOne(state, request.bucket, node);
    if (result.kind === 'failed' || !quiet) results.push(result.xml);
  }
  return xmlResponse(xmlDocument('DeleteResult', results));
}

async function deleteOne(state: S3State, bucket: string, node: XmlNode): Promise<{ kind: 'deleted' | 'failed'; xml: string }> {
  const key = requiredText(node, 'Key');
  if (childText(node, 'VersionId') !== undefined) throw notImplemented('versions');
  try {
    await removeObject(state, bucket, key, childText(node, 'ETag'));
    return { kind: 'deleted', xml: element('Deleted', [element('Key', key)]) };
  } catch (error) {
    if (!(error instanceof S3Error)) throw error;
    const xml = element('Error', [element('Key', key), element('Code', error.code), element('Message', error.message)]);
    return { kind: 'failed', xml };
  }
}
