import { createHash } from 'node:crypto';
import { encodePath } from '#domain/answer/url-path.ts';
import type { TreeEntry } from '#domain/volume/tree.ts';
import { isPassing, type Waiting } from '../../network/ask-service.ts';
import type { SendRequest, StreamedAnswer } from '../transfer/http-request.ts';

export interface PathAsking {
  readonly send: SendRequest;
  readonly waiting: Waiting;
  readonly stop: AbortSignal;
  /** Of the mount, or of a release below it, with a slash at the end. */
  readonly base: string;
  /** Reads the bytes and hashes them. */
  readonly deep: boolean;
}

const MOST_REDIRECTS = 5;
const ATTEMPTS = 4;
const BACKOFF_MS = 500;
const OBJECT_PLACE = /\/_o\/sha256\/([0-9a-f]{64})(?:\/|$)/;
const TAG = /^"sha256-([0-9a-f]{64})"$/;

interface Place {
  readonly url: URL;
  readonly answer: StreamedAnswer;
}

class Unusable extends Error {
  readonly again: boolean;

  constructor(message: string, again: boolean) {
    super(message);
    this.again = again;
  }
}

/** Where redirects lead. */
async function followed({ send, stop, deep }: PathAsking, start: URL): Promise<Place> {
  const headers = { 'accept-encoding': 'identity', 'user-agent': 'mirrortide-verify' };
  let url = start;
  for (let hops = 0; hops <= MOST_REDIRECTS; hops += 1) {
    const answer = await send({ method: deep ? 'GET' : 'HEAD', url, headers, stop });
    const { location } = answer.headers;
    if (answer.status < 300 || answer.status >= 400 || location === undefined) return { url, answer };
    answer.body.resume();
    if (!URL.canParse(location, url.href)) throw new Unusable(`redirects to ${location}, which is no address`, false);
    url = new URL(location, url);
    if (url.protocol !== 'https:' && url.protocol !== start.protocol)
      throw new Unusable(`redirects to ${url.protocol}//${url.host}, which is not followed`, false);
  }
  throw new Unusable(`redirects more than ${MOST_REDIRECTS} times`, false);
}

/** The hash that the host says that it has: its tag, or the name of the object that it leads to. */
const saidHash = ({ url, answer }: Place): string | undefined =>
  TAG.exec(answer.headers.etag ?? '')?.[1] ?? OBJECT_PLACE.exec(url.pathname)?.[1];

const saidProblem = (place: Place, { sha256, sizeBytes }: TreeEntry): string | undefined => {
  const { answer } = place;
  if (answer.status !== 200) return `status ${answer.status}`;
  const length = answer.headers['content-length'];
  if (length !== undefined && Number(length) !== sizeBytes) return `has ${length} bytes and should have ${sizeBytes}`;
  const said = saidHash(place);
  if (said === undefined) return `its tag is ${answer.headers.etag ?? 'missing'} and should be "sha256-${sha256}"`;
  return said === sha256 ? undefined : `is sha256-${said} and should be sha256-${sha256}`;
};

const bytesProblem = async (answer: StreamedAnswer, { sha256, sizeBytes }: TreeEntry): Promise<string | undefined> => {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  if (bytes !== sizeBytes) return `sends ${bytes} bytes and should send ${sizeBytes}`;
  const hex = hash.digest('hex');
  return hex === sha256 ? undefined : `sends bytes of sha256-${hex} and should send sha256-${sha256}`;
};

const askOnce = async (asking: PathAsking, entry: TreeEntry): Promise<string | undefined> => {
  const place = await followed(asking, new URL(`${asking.base}${encodePath(entry.path)}`));
  const { answer } = place;
  try {
    if (isPassing(answer.status)) throw new Unusable(`status ${answer.status}`, true);
    return saidProblem(place, entry) ?? (asking.deep ? await bytesProblem(answer, entry) : undefined);
  } finally {
    answer.body.resume();
  }
};

/** What is wrong with what a host serves for a path; undefined when it is as the release has it. */
export const askPath = async (asking: PathAsking, entry: TreeEntry): Promise<string | undefined> => {
  const { waiting, stop } = asking;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await askOnce(asking, entry);
    } catch (error) {
      if (stop.aborted) throw error;
      const isFinal = attempt === ATTEMPTS || (error instanceof Unusable && !error.again);
      if (isFinal) return error instanceof Error ? error.message : String(error);
    }
    await waiting.sleep(waiting.random() * BACKOFF_MS * 2 ** attempt);
  }
};
