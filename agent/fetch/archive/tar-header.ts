import type { EntryKind } from '#domain/artefact/archive-tree.ts';
import { VerificationProblem } from '../fetch-outcome.ts';

export const BLOCK_BYTES = 512;

/** What a header block says, before extended headers have their say. */
export interface TarHeader {
  readonly path: string;
  readonly mode: number;
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
  readonly typeFlag: string;
  readonly target: string;
}

const KINDS: Readonly<Record<string, EntryKind>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'device',
  '4': 'device',
  '5': 'folder',
  '6': 'fifo',
};

/** Before there were folders' entries, a folder was a file whose name ends with a slash. */
export const kindOf = (typeFlag: string, path: string): EntryKind => {
  const kind = KINDS[typeFlag] ?? 'unknown';
  return kind === 'file' && path.endsWith('/') ? 'folder' : kind;
};

export const isZeroBlock = (block: Buffer): boolean => block.every((byte) => byte === 0);

/** POSIX ustar, GNU tar's variant of it, and the format before both. Throws VerificationProblem for anything else. */
export function parseTarHeader(block: Buffer): TarHeader {
  if (checksumOf(block) !== octal(block, 148, 8))
    throw new VerificationProblem('the archive is damaged: a header has a wrong checksum');
  const magic = block.toString('latin1', 257, 265);
  const name = textField(block, 0, 100);
  const prefix = magic === 'ustar\x0000' ? textField(block, 345, 155) : '';
  return {
    path: prefix === '' ? name : `${prefix}/${name}`,
    mode: number(block, 100, 8),
    sizeBytes: number(block, 124, 12),
    mtimeSeconds: number(block, 136, 12),
    typeFlag: block.toString('latin1', 156, 157),
    target: textField(block, 157, 100),
  };
}

/** The bytes of the block, those of the checksum itself taken for blanks. */
function checksumOf(block: Buffer): number {
  let sum = 0;
  for (const [index, byte] of block.entries()) sum += index >= 148 && index < 156 ? 0x20 : byte;
  return sum;
}

function textField(block: Buffer, start: number, length: number): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return decodeName(end === -1 ? field : field.subarray(0, end));
}

export function decodeName(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new VerificationProblem('the archive has a name that is not UTF-8', { cause });
  }
}

/** Octal digits; or, with the highest bit set, a number to the base of 256 (GNU, for sizes from 8 GiB on). */
function number(block: Buffer, start: number, length: number): number {
  const first = block[start] ?? 0;
  if ((first & 0x80) === 0) return octal(block, start, length);
  let value = first & 0x7f;
  for (let index = start + 1; index < start + length; index += 1) value = value * 256 + (block[index] ?? 0);
  if (!Number.isSafeInteger(value)) throw new VerificationProblem('the archive has a number that is out of range');
  return value;
}

function octal(block: Buffer, start: number, length: number): number {
  const text = block.toString('latin1', start, start + length);
  const [, digits] = /^ *([0-7]*)[ \0]*$/.exec(text) ?? [];
  if (digits === undefined)
    throw new VerificationProblem('the archive is damaged, or is none: a header has a number that is none');
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}
