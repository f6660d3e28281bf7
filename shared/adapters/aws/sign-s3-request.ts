/**
 * AWS Signature Version 4 for reads of S3 objects: no body, no query. Written out because `answer` needs nothing else of the SDK,
 * and the SDK's S3 client would make its bundle seven times as large; a test compares every signature with the SDK's own signer.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
import { createHash, createHmac } from 'node:crypto';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

export interface ReadToSign {
  readonly method: 'GET' | 'HEAD';
  /** With the port when it is not the scheme's own. */
  readonly host: string;
  /** Percent-encoded as it is sent. */
  readonly path: string;
  readonly region: string;
  readonly at: Date;
}

const SERVICE = 's3';
const EMPTY_SHA256 = createHash('sha256').digest('hex');

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** Headers to send with the request. */
export const signS3Request = (request: ReadToSign, credentials: Credentials): Record<string, string> => {
  const timestamp = request.at.toISOString().replace(/[:-]|\.\d{3}/g, '');
  const day = timestamp.slice(0, 8);
  const signed: Record<string, string> = {
    host: request.host,
    'x-amz-content-sha256': EMPTY_SHA256,
    'x-amz-date': timestamp,
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
  };
  const names = Object.keys(signed).sort();
  const canonical = [
    request.method,
    request.path,
    '',
    ...names.map((name) => `${name}:${signed[name]}`),
    '',
    names.join(';'),
    EMPTY_SHA256,
  ].join('\n');
  const scope = `${day}/${request.region}/${SERVICE}/aws4_request`;
  const digest = createHash('sha256').update(canonical).digest('hex');
  const key = [request.region, SERVICE, 'aws4_request'].reduce(hmac, hmac(`AWS4${credentials.secretAccessKey}`, day));
  const signature = hmac(key, ['AWS4-HMAC-SHA256', timestamp, scope, digest].join('\n')).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { ...signed, authorization };
};
