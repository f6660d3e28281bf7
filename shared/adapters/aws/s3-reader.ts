/** Reads of S3 objects without the SDK: signed, with a time-out and a byte limit on every one. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Fault, WireError } from '#domain/errors.ts';
import { type Credentials, signS3Request } from './sign-s3-request.ts';

export interface S3ReaderOptions {
  readonly bucket: string;
  readonly region: string;
  readonly credentials: Credentials;
  /** Replaces S3's own address; the bucket then stands in the path. */
  readonly endpoint: URL | undefined;
  readonly now: () => Date;
}

export interface ReadLimits {
  readonly timeoutMs: number;
  readonly maximumBytes: number;
}

export type S3Read =
  | { readonly kind: 'read'; readonly bytes: Uint8Array<ArrayBuffer>; readonly etag: string }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'absent' };

export interface S3Reader {
  /** `unchanged` only when `knownEtag` is given. Throws Fault when S3 cannot be read now, WireError for an object above the limit. */
  get(key: string, limits: ReadLimits, knownEtag?: string): Promise<S3Read>;
}

const CONNECTIONS = 4;
/** A refusal's text, which names the reason, is below this. */
const ERROR_BYTES = 2_000;

const addressOf = ({ bucket, region, endpoint }: S3ReaderOptions): { readonly origin: URL; readonly prefix: string } => {
  if (endpoint !== undefined) return { origin: endpoint, prefix: `${endpoint.pathname.replace(/\/$/, '')}/${bucket}` };
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return { origin: new URL(`https://${bucket}.s3.${region}.${suffix}`), prefix: '' };
};

/** One allocation of the right size when the length is announced: snapshots are tens of megabytes. */
const readBody = async (response: IncomingMessage, maximumBytes: number): Promise<Uint8Array<ArrayBuffer>> => {
  const announced = Number(response.headers['content-length'] ?? 0);
  if (announced > maximumBytes) throw new WireError(`an object of ${announced} bytes is above the limit of ${maximumBytes}`);
  let bytes = new Uint8Array(announced);
  let length = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    if (length + chunk.length > maximumBytes) throw new WireError(`an object is above the limit of ${maximumBytes} bytes`);
    if (length + chunk.length > bytes.length) {
      const larger = new Uint8Array(Math.min(maximumBytes, 2 * (length + chunk.length)));
      larger.set(bytes.subarray(0, length));
      bytes = larger;
    }
    bytes.set(chunk, length);
    length += chunk.length;
  }
  if (announced > 0 && length < announced) throw new Fault('the connection ended before the object did');
  return length === bytes.length ? bytes : bytes.slice(0, length);
};

const outcomeOf = async (response: IncomingMessage, key: string, maximumBytes: number): Promise<S3Read> => {
  if (response.statusCode === 200) {
    return { kind: 'read', bytes: await readBody(response, maximumBytes), etag: response.headers.etag ?? '' };
  }
  const reason = new TextDecoder().decode((await readBody(response, ERROR_BYTES * 10)).subarray(0, ERROR_BYTES));
  if (response.statusCode === 304) return { kind: 'unchanged' };
  if (response.statusCode === 404) return { kind: 'absent' };
  throw new Fault(`reading ${key}: S3 answered ${response.statusCode} ${/<Code>(\w{1,60})<\/Code>/.exec(reason)?.[1] ?? ''}`);
};

export const s3Reader = (options: S3ReaderOptions): S3Reader => {
  const { origin, prefix } = addressOf(options);
  const isTls = origin.protocol === 'https:';
  const agentOptions = { keepAlive: true, maxSockets: CONNECTIONS };
  const agent = isTls ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions);

  const send = (path: string, headers: Record<string, string>, signal: AbortSignal): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const settings = { agent, headers, signal, method: 'GET', hostname: origin.hostname, port: origin.port, path };
      (isTls ? httpsRequest : httpRequest)(settings, resolve).on('error', reject).end();
    });

  return {
    get: async (key, limits, knownEtag) => {
      const path = `${prefix}/${key.split('/').map(encodeURIComponent).join('/')}`;
      const read = { method: 'GET', host: origin.host, path, region: options.region, at: options.now() } as const;
      const headers = signS3Request(read, options.credentials);
      if (knownEtag !== undefined) headers['if-none-match'] = knownEtag;
      const signal = AbortSignal.timeout(limits.timeoutMs);
      try {
        return await outcomeOf(await send(path, headers, signal), key, limits.maximumBytes);
      } catch (cause) {
        if (cause instanceof Fault || cause instanceof WireError) throw cause;
        throw new Fault(`reading ${key}: ${signal.aborted ? `no answer within ${limits.timeoutMs} ms` : 'connection failed'}`, {
          cause,
        });
      }
    },
  };
};
