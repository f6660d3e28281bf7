import { NetworkProblem } from '../fetch-outcome.ts';
import type { FetchWorld } from '../fetch-world.ts';
import type { HttpReply } from './open-http.ts';

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const MOST_REDIRECTS = 5;
const LATER: readonly number[] = [408, 425, 429, 500, 502, 503, 504];
const SECOND_MS = 1_000;

/**
 * A GET that follows redirects to an answer with one of the statuses; any other is a NetworkProblem, and worth another attempt when
 * the server says that it is only for now. A redirect never leads from HTTPS to HTTP.
 */
export async function follow(
  world: FetchWorld,
  address: string,
  headers: Readonly<Record<string, string>>,
  statuses: readonly number[],
): Promise<HttpReply> {
  let url = new URL(address);
  for (let hops = 0; hops <= MOST_REDIRECTS; hops += 1) {
    const reply = await world.open(url, headers, world.pace);
    if (statuses.includes(reply.status)) return reply;
    reply.discard();
    if (!REDIRECTS.includes(reply.status)) throw unusable(url, reply, world.nowMs());
    url = redirected(url, reply.headers.location);
  }
  throw new NetworkProblem(`${address}: more than ${MOST_REDIRECTS} redirects`, false);
}

function redirected(from: URL, location: string | undefined): URL {
  const to = location !== undefined && URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to === undefined) throw new NetworkProblem(`${from.host}: a redirect without an address`, false);
  if (to.protocol !== 'https:' && (to.protocol !== 'http:' || from.protocol === 'https:'))
    throw new NetworkProblem(`${from.host}: a redirect from ${from.protocol} to ${to.protocol} is not followed`, false);
  return to;
}

/** A status that nothing here can go on with. */
export class UnusableStatus extends NetworkProblem {
  readonly status: number;

  constructor(message: string, status: number, afterMs: number | undefined) {
    super(message, LATER.includes(status), { afterMs });
    this.status = status;
  }
}

const unusable = (url: URL, reply: HttpReply, nowMs: number): UnusableStatus =>
  new UnusableStatus(`${url.origin}${url.pathname}: status ${reply.status}`, reply.status, askedMs(reply, nowMs));

/** Retry-After: seconds, or a date (RFC 9110, section 10.2.3). */
function askedMs(reply: HttpReply, nowMs: number): number | undefined {
  const field = reply.headers['retry-after'];
  if (field === undefined) return undefined;
  if (/^\d{1,9}$/.test(field)) return Number(field) * SECOND_MS;
  const date = Date.parse(field);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
