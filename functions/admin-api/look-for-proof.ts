import { nameInUrl } from '#domain/access/pending.ts';
import { isProof, type ProofPlaces } from '#domain/access/proof.ts';
import type { HttpPeer } from '#ports/http-peer.ts';
import type { TextRecords } from '#ports/text-records.ts';

/** One place; all of them are asked at the same time, so this bounds the whole look. */
const WITHIN_MS = 8_000;
const FILE_LIMITS = { connectMs: 4_000, idleMs: 4_000, totalMs: WITHIN_MS, maxBytes: 1_024, maxRedirects: 2 };

export interface Found {
  readonly name: string;
  readonly proved: boolean;
  /** What was looked at, and what was there, for the owner. */
  readonly looked: readonly { readonly at: string; readonly found: string }[];
}

export interface ProofDeps {
  readonly peer: HttpPeer;
  readonly textRecords: TextRecords;
}

type Look = { readonly at: string; readonly found: string; readonly proved: boolean };

/** A redirect to another name proves nothing of this one. */
const lookAtFile = async ({ peer }: ProofDeps, url: string, name: string, token: string): Promise<Look> => {
  const outcome = await peer.request({ method: 'GET', url, limits: FILE_LIMITS });
  if (outcome.kind === 'failed') return { at: url, found: `${outcome.failure}: ${outcome.reason}`, proved: false };
  if (nameInUrl(outcome.url) !== name) return { at: url, found: 'a redirect to another name', proved: false };
  if (outcome.status !== 200) return { at: url, found: `status ${outcome.status}`, proved: false };
  const proved = isProof(new TextDecoder().decode(outcome.body), token);
  return { at: url, found: proved ? 'the token' : 'something else than the token alone', proved };
};

const lookAtRecord = async ({ textRecords }: ProofDeps, record: string, token: string): Promise<Look> => {
  const texts = await textRecords.lookup(record, WITHIN_MS);
  const proved = texts.some((text) => isProof(text, token));
  const otherwise = texts.length === 0 ? 'no TXT record' : 'no TXT record with the token alone';
  return { at: `${record} TXT`, found: proved ? 'the token' : otherwise, proved };
};

/** Looks everywhere at once: names and files of a host are few. */
export const lookForProof = (deps: ProofDeps, places: readonly ProofPlaces[], token: string): Promise<readonly Found[]> =>
  Promise.all(
    places.map(async ({ name, files, record }) => {
      const looks = await Promise.all([
        ...files.map((url) => lookAtFile(deps, url, name, token)),
        ...(record === undefined ? [] : [lookAtRecord(deps, record, token)]),
      ]);
      return { name, proved: looks.some(({ proved }) => proved), looked: looks.map(({ at, found }) => ({ at, found })) };
    }),
  );
