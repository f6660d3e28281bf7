import { Fault } from '#domain/errors.ts';
import type { HttpFailure, HttpOutcome } from '#ports/http-peer.ts';
import { printable } from './printable.ts';

/** How far a request got; decides what an error means, since `ECONNRESET` says something else in each. */
export type HopPhase = 'connecting' | 'handshake' | 'talking';

type Failed = Extract<HttpOutcome, { kind: 'failed' }>;

const REASON_LIMIT = 200;

export const failed = (failure: HttpFailure, reason: string): Failed => ({
  kind: 'failed',
  failure,
  reason: printable(reason, REASON_LIMIT),
});

/** The clock of the exchange ran out; never leaves the adapter. */
export class HopTimeout extends Error {
  override readonly name = 'HopTimeout';
}

// Our own machine is out of something: saying that the mirror is down would be a lie.
const OURS = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']);

const codeOf = (error: unknown): string => {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
};

const isNameFailure = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'syscall' in error && `${error.syscall}`.startsWith('getaddrinfo');

// Words an operator knows, where node's are cryptic.
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection closed',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'name not found',
  EAI_AGAIN: 'name service failed for now',
  ERR_STREAM_PREMATURE_CLOSE: 'connection closed in the middle of the body',
};

const wordsFor = (error: unknown, code: string): string =>
  WORDS[code] ?? `${code === '' ? '' : `${code}: `}${error instanceof Error ? error.message : String(error)}`;

const failureIn = (phase: HopPhase, error: unknown, code: string): HttpFailure => {
  if (code === 'ERR_ADDRESS_REFUSED') return 'refused';
  if (code === 'HPE_HEADER_OVERFLOW') return 'too-large';
  if (isNameFailure(error)) return 'dns';
  switch (phase) {
    case 'connecting':
      return 'connect';
    case 'handshake':
      return 'tls';
    case 'talking':
      return 'protocol';
  }
};

/** Turns what node threw into an outcome. Throws a Fault when it is our own machine that cannot go on. */
export const outcomeOfError = (error: unknown, phase: HopPhase): Failed => {
  if (error instanceof HopTimeout) return failed('timeout', error.message);
  const code = codeOf(error);
  if (OURS.has(code)) throw new Fault(`this machine cannot open a connection: ${code}`, { cause: error });
  return failed(failureIn(phase, error, code), wordsFor(error, code));
};
