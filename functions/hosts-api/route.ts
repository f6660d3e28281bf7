import type { HttpCall, HttpReply } from '#wire/api/http-call.ts';
import type { HostsApiDeps } from './hosts-deps.ts';

/** One path of the API. It answers every method, its own errors included; a Fault may pass through, and becomes a 503. */
export interface Route {
  readonly path: RegExp;
  /** Characters of a body; what is longer is not looked at. */
  readonly maxBody: number;
  readonly answer: (deps: HostsApiDeps, call: HttpCall) => Promise<HttpReply>;
}
