import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ListedEntry } from '#ports/file-lister.ts';

// What rsync itself lists, read back from its output: the oracle of the lister's tests.

const LINE = /^([-dlbcps])([rwxsStT-]{9})\s+(\d+) (\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d) (.*)$/s;
const TYPES: Record<string, { kind: ListedEntry['kind']; bits: number }> = {
  '-': { kind: 'file', bits: 0o100000 },
  d: { kind: 'directory', bits: 0o040000 },
  l: { kind: 'symlink', bits: 0o120000 },
  b: { kind: 'other', bits: 0o060000 },
  c: { kind: 'other', bits: 0o020000 },
  p: { kind: 'other', bits: 0o010000 },
  s: { kind: 'other', bits: 0o140000 },
};

const permissions = (text: string): number => {
  let bits = 0;
  for (const [index, letter] of [...text].entries()) {
    if (/[rwxst]/.test(letter)) bits |= 0o400 >> index;
    if (/[sStT]/.test(letter)) bits |= [0o4000, 0o2000, 0o1000][Math.floor(index / 3)] ?? 0;
  }
  return bits;
};

/** rsync writes bytes that are not printable ASCII as \#ooo. */
const unescaped = (text: string): string => {
  const bytes = Buffer.from(
    text.replace(/\\#([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
    'latin1',
  );
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
};

const parseLine = (line: string): ListedEntry => {
  const [, type = '', mode = '', size, ...rest] = LINE.exec(line) ?? [];
  const name = rest.pop() ?? '';
  const [year = 0, month = 0, day, hour, minute, second] = rest.map(Number);
  const shape = TYPES[type];
  if (shape === undefined) throw new Error(`not a line of rsync: ${line}`);
  return {
    path: name === '.' ? '' : unescaped(name),
    kind: shape.kind,
    sizeBytes: Number(size),
    modifiedSeconds: Date.UTC(year, month - 1, day, hour, minute, second) / 1_000,
    mode: shape.bits | permissions(mode),
  };
};

export interface RsyncListing {
  readonly exitCode: number;
  readonly entries: ListedEntry[];
}

export const listWithRsync = async (url: string, options: readonly string[] = []): Promise<RsyncListing> => {
  const child = spawn('rsync', ['-r', '--list-only', '--no-h', '--no-motd', ...options, url], {
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const output: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => output.push(bytes));
  const [exitCode] = await once(child, 'close');
  const lines = Buffer.concat(output).toString('latin1').split('\n').slice(0, -1);
  return { exitCode, entries: lines.map(parseLine) };
};
