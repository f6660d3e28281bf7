import { DIGEST_ALGORITHMS, type Digest, digestOf } from '#domain/artefact/digest.ts';
import { WireError } from '#domain/errors.ts';
import type { RecordRow } from '#domain/volume/validate/wheel-documents.ts';
import { decodeText } from '../bytes/decode-text.ts';

/** One field of a row: in quotes, which are doubled inside, or without any. */
const CELL = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|\r|$)/y;
const COLUMNS = 3;

/** RECORD: rows of a path, `sha256=` with the digest in base64 for URLs without its padding, and a size (PEP 376, PEP 427). */
export function parseWheelRecord(bytes: Uint8Array): readonly RecordRow[] {
  const text = decodeText(bytes, 'RECORD');
  const rows: RecordRow[] = [];
  let [at, cells] = [0, [] as string[]];
  while (at < text.length) {
    CELL.lastIndex = at;
    const match = CELL.exec(text);
    if (match === null) throw new WireError('has a RECORD that is no table');
    at = CELL.lastIndex;
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === ',') {
      // A comma at the very end stands before one more empty field.
      if (at === text.length) cells.push('');
      if (at < text.length) continue;
    }
    if (cells.length > 1 || cells[0] !== '') rows.push(rowOf(cells));
    cells = [];
  }
  return rows;
}

function rowOf(cells: readonly string[]): RecordRow {
  const [path = '', digest = '', size = ''] = cells;
  if (cells.length !== COLUMNS || path === '' || !/^\d{0,15}$/.test(size))
    throw new WireError(`has a row in RECORD that cannot be read: ${JSON.stringify(cells.join(',').slice(0, 80))}`);
  return { path, digest: digestIn(digest), sizeBytes: size === '' ? undefined : Number(size) };
}

function digestIn(text: string): Digest | 'unreadable' | undefined {
  if (text === '') return undefined;
  const [, word = '', base64 = ''] = /^([a-z0-9]+)=([A-Za-z0-9_-]+)=*$/.exec(text) ?? [];
  const algorithm = DIGEST_ALGORITHMS.find((candidate) => candidate === word);
  const bytes = Buffer.from(base64, 'base64url');
  if (algorithm === undefined) return 'unreadable';
  return digestOf(algorithm, bytes.toString('hex')) ?? 'unreadable';
}
