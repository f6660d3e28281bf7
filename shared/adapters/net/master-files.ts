import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { HttpLimits, HttpPeer } from '#ports/http-peer.ts';
import type { MasterFile } from '#ports/master-reader.ts';
import { printable } from './printable.ts';

type ReadFile = (path: string, maxBytes: number) => Promise<MasterFile>;

const FILE_LIMITS: Omit<HttpLimits, 'maxBytes'> = { connectMs: 10_000, idleMs: 20_000, totalMs: 60_000, maxRedirects: 5 };
const REASON_LIMIT = 300;

/** `URL/PATH`, each step of the path encoded. */
export const urlBelow = (base: string, path: string): string =>
  `${base.replace(/\/+$/, '')}/${path.split('/').map(encodeURIComponent).join('/')}`;

const secondsOf = (date: string | undefined): number | undefined => {
  const epochMs = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(epochMs) ? undefined : Math.floor(epochMs / 1_000);
};

/** Reads single files of a master over HTTP. */
export const httpMasterFiles =
  (http: HttpPeer, base: string): ReadFile =>
  async (path, maxBytes) => {
    const outcome = await http.request({ method: 'GET', url: urlBelow(base, path), limits: { ...FILE_LIMITS, maxBytes } });
    if (outcome.kind === 'failed') {
      return outcome.failure === 'too-large' ? { kind: 'too-large' } : { kind: 'failed', reason: outcome.reason };
    }
    if (outcome.status === 404 || outcome.status === 410) return { kind: 'absent' };
    if (outcome.status !== 200) return { kind: 'failed', reason: `HTTP ${outcome.status}` };
    const modifiedSeconds = secondsOf(outcome.headers['last-modified']);
    // Both by the server's clock, so that ours may be wrong.
    const servedSeconds = secondsOf(outcome.headers['date']);
    const known = modifiedSeconds !== undefined && servedSeconds !== undefined;
    return {
      kind: 'read',
      bytes: outcome.body,
      modifiedSeconds: known ? modifiedSeconds : undefined,
      ageMs: known ? (servedSeconds - modifiedSeconds) * 1_000 : undefined,
    };
  };

const readFrom = async (file: FileHandle, maxBytes: number): Promise<MasterFile> => {
  const stats = await file.stat();
  if (!stats.isFile()) return { kind: 'absent' };
  if (stats.size > maxBytes) return { kind: 'too-large' };
  const buffer = Buffer.alloc(stats.size + 1);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
  if (bytesRead !== stats.size) return { kind: 'failed', reason: 'it changed while it was read' };
  const modifiedSeconds = Math.floor(stats.mtimeMs / 1_000);
  return { kind: 'read', bytes: new Uint8Array(buffer.subarray(0, bytesRead)), modifiedSeconds, ageMs: undefined };
};

const leaves = (path: string): boolean => path.split('/').some((step) => step === '..' || step === '.' || step === '');

/** Reads single files below a directory of this machine. */
export const directoryMasterFiles =
  (root: string): ReadFile =>
  async (path, maxBytes) => {
    if (leaves(path)) return { kind: 'absent' };
    try {
      // Without O_NONBLOCK a FIFO would wait for a writer.
      await using file = await open(join(root, path), constants.O_RDONLY | constants.O_NONBLOCK);
      return await readFrom(file, maxBytes);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
      return code === 'ENOENT' || code === 'ENOTDIR'
        ? { kind: 'absent' }
        : { kind: 'failed', reason: printable(code, REASON_LIMIT) };
    }
  };
