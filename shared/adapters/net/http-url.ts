import type { HttpOutcome } from '#ports/http-peer.ts';
import type { AddressGuard } from './address-guard.ts';
import { failed } from './http-failure.ts';

export interface UrlPolicy {
  readonly guard: AddressGuard;
  /** Besides the scheme's own port. */
  readonly allowedPorts: readonly number[] | 'any';
  /** Whether a redirect may lead from https to http. */
  readonly allowDowngrade: boolean;
}

export type UrlVerdict = { readonly kind: 'allowed'; readonly url: URL } | Extract<HttpOutcome, { kind: 'failed' }>;

// Longer ones are not URLs of mirrors; servers stop at 8 kB.
const MAX_URL_CHARACTERS = 4_096;

const portAllowed = (url: URL, ports: UrlPolicy['allowedPorts']): boolean =>
  url.port === '' || ports === 'any' || ports.includes(Number(url.port));

const refusalOf = (url: URL, policy: UrlPolicy): string | undefined => {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return `${url.protocol} is neither http nor https`;
  if (url.username !== '' || url.password !== '') return 'the URL holds credentials';
  if (!portAllowed(url, policy.allowedPorts)) return `port ${url.port} is not allowed`;
  const verdict = policy.guard.checkHost(url.hostname);
  return verdict.allowed ? undefined : `${url.hostname} is not allowed: ${verdict.reason}`;
};

/** Whether a URL may be asked at all; `base` is the URL that redirected here. */
export const checkUrl = (text: string, base: URL | undefined, policy: UrlPolicy): UrlVerdict => {
  if (text.length > MAX_URL_CHARACTERS) return failed('refused', 'the URL is too long');
  const url = URL.parse(text, base?.href);
  if (url === null) return failed(base === undefined ? 'refused' : 'redirects', `not a URL: ${text}`);
  const refusal = refusalOf(url, policy);
  if (refusal !== undefined) return failed('refused', base === undefined ? refusal : `redirected: ${refusal}`);
  if (base?.protocol === 'https:' && url.protocol === 'http:' && !policy.allowDowngrade) {
    return failed('redirects', `redirected from https to ${url.href}`);
  }
  url.hash = '';
  return { kind: 'allowed', url };
};
