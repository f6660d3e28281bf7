/**
 * How the owner of a pending host proves control of its URLs: for every name in them, one of two places must show the challenge's
 * token and nothing else. Either a file directly below a URL of that name, or a TXT record of `_mirrortide.` and the name, the
 * forms that ACME (RFC 8555, 8.3 and 8.4) made familiar. The token must be the whole content, since many servers answer any
 * path, and some repeat it.
 */
import type { EpochMs, Host } from '../inventory/inventory.ts';
import { nameInUrl, namesInUrls } from './pending.ts';

/** A host with more names is for an administrator of the network to look at. */
export const MOST_NAMES = 10;
/** Of one name; more URLs are not tried. */
const MOST_FILES = 3;
/** A challenge that nobody met in this time is replaced. */
export const CHALLENGE_LIFE_MS = 30 * 24 * 3_600_000;
/** Between two looks. */
export const CHECK_INTERVAL_MS = 10_000;

export interface ProofPlaces {
  readonly name: string;
  /** URLs, any of which may show the token. */
  readonly files: readonly string[];
  /** Undefined for an address, which has no TXT records of its owner's. */
  readonly record: string | undefined;
}

const ADDRESS = /^(?:\[.*\]|[0-9.]+)$/;

export const proofPlaces = (host: Host, token: string): readonly ProofPlaces[] =>
  namesInUrls(host).map((name) => ({
    name,
    files: host.carries
      .flatMap(({ urls }) => urls)
      .filter((url) => /^https?:/.test(url) && nameInUrl(url) === name)
      .slice(0, MOST_FILES)
      .map((url) => `${url}/mirrortide-${token}.txt`),
    record: ADDRESS.test(name) ? undefined : `_mirrortide.${name}`,
  }));

export const isProof = (text: string, token: string): boolean => text.trim() === token;

export const isChallengeGood = (createdMs: EpochMs, nowMs: EpochMs): boolean => nowMs - createdMs < CHALLENGE_LIFE_MS;
