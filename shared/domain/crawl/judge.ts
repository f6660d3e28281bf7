/**
 * What one HTTP answer proves. Only the right bytes prove a head; only status 200 with the right length proves a sampled file,
 * and a missing length proves nothing (MirrorManager2 takes it for up to date). Not found and refused are answers: clients get
 * them too. Time-outs, server errors and requests to slow down are unknown, never different. A 200 that is not a head file (a
 * captive page, a parking page) counts as absent, and so does a file far too long to be one.
 */
import type { RepositoryType } from '../inventory/inventory.ts';

/** The part of an HTTP outcome that judging needs. */
export type HttpSeen =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** Lower-case names. */
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Uint8Array;
    }
  | { readonly kind: 'failed'; readonly failure: string; readonly reason: string };

export type HeadVerdict = 'head' | 'absent' | 'unknown';
export type FileVerdict = 'same' | 'differs' | 'unknown';

/** Answers of the 4xx class that say nothing of the file: time-out, too early, too many requests. */
const PASSING = new Set([408, 425, 429]);
/** A Release file names its checksums after at most a few kB of fields. */
const LOOK_BYTES = 65_536;

/** A refusal is an answer: clients get it too. */
export const refuses = (status: number): boolean => status >= 400 && status < 500 && !PASSING.has(status);

const holds = (body: Uint8Array, text: string): boolean => {
  const end = Math.min(body.length, LOOK_BYTES) - text.length;
  for (let start = 0; start <= end; start += 1) {
    let length = 0;
    while (length < text.length && body[start + length] === text.charCodeAt(length)) length += 1;
    if (length === text.length) return true;
  }
  return false;
};

const isHtml = (body: Uint8Array): boolean =>
  ['<!doctype html', '<!DOCTYPE html', '<!DOCTYPE HTML', '<html', '<HTML'].some((mark) => holds(body.subarray(0, 1024), mark));

/** Good enough to tell a head file from a page; its digest tells which one it is. */
export const looksLikeHead = (type: RepositoryType, body: Uint8Array): boolean => {
  switch (type) {
    case 'rpm':
      return holds(body, '<repomd');
    case 'apt':
      return ['SHA256:', 'SHA512:', 'SHA1:', 'MD5Sum:'].some((field) => holds(body, field));
    case 'files':
      return body.length > 0 && !isHtml(body);
  }
};

export const judgeHead = (seen: HttpSeen, type: RepositoryType): HeadVerdict => {
  if (seen.kind === 'failed') return seen.failure === 'too-large' ? 'absent' : 'unknown';
  if (seen.status === 200) return looksLikeHead(type, seen.body) ? 'head' : 'absent';
  return refuses(seen.status) ? 'absent' : 'unknown';
};

/** For a HEAD request that asked for the identity encoding. */
export const judgeFile = (seen: HttpSeen, sizeBytes: number): FileVerdict => {
  if (seen.kind === 'failed') return 'unknown';
  if (seen.status !== 200) return refuses(seen.status) ? 'differs' : 'unknown';
  const length = seen.headers['content-length'];
  const encoded = (seen.headers['content-encoding'] ?? 'identity') !== 'identity';
  if (encoded || length === undefined || !/^\d+$/.test(length)) return 'unknown';
  return Number(length) === sizeBytes ? 'same' : 'differs';
};

/** For a directory without files, asked by its own URL: a server that shows no listing answers 403 where there is one. */
export const judgeEmptyDirectory = (seen: HttpSeen): FileVerdict => {
  if (seen.kind === 'failed') return 'unknown';
  if (seen.status === 200 || seen.status === 403) return 'same';
  return seen.status === 404 || seen.status === 410 ? 'differs' : 'unknown';
};

/** One file that differs decides; one that is unknown leaves the directory unknown. */
export const judgeDirectory = (files: readonly FileVerdict[]): FileVerdict => {
  if (files.includes('differs')) return 'differs';
  return files.length === 0 || files.includes('unknown') ? 'unknown' : 'same';
};

/** For people, short: what an answer was. */
export const describeSeen = (seen: HttpSeen): string => (seen.kind === 'answered' ? `HTTP ${seen.status}` : seen.reason);
