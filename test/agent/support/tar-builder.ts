/** One entry as it is written, however hostile. */
export interface RawEntry {
  readonly path: string;
  readonly type?: string;
  readonly content?: string | Buffer;
  readonly target?: string;
  readonly mode?: number;
  /** When it is to differ from the content's. */
  readonly size?: number | string;
  readonly magic?: string;
  readonly checksum?: number;
}

const BLOCK = 512;

export function rawTar(entries: readonly RawEntry[], end = true): Buffer {
  return Buffer.concat([...entries.map(rawEntry), Buffer.alloc(end ? 2 * BLOCK : 0)]);
}

function rawEntry(entry: RawEntry): Buffer {
  const content = Buffer.from(entry.content ?? '');
  const header = Buffer.alloc(BLOCK);
  const size = entry.size ?? content.length;
  header.write(entry.path, 0, 100, 'utf8');
  header.write(`${(entry.mode ?? 0o644).toString(8).padStart(7, '0')}\0`, 100, 'latin1');
  header.write(`${'0'.repeat(7)}\0${'0'.repeat(7)}\0`, 108, 'latin1');
  header.write(typeof size === 'string' ? size : `${size.toString(8).padStart(11, '0')}\0`, 124, 12, 'latin1');
  header.write(`${(1_700_000_000).toString(8).padStart(11, '0')}\0`, 136, 'latin1');
  header.write(' '.repeat(8), 148, 'latin1');
  header.write(entry.type ?? '0', 156, 'latin1');
  header.write(entry.target ?? '', 157, 100, 'utf8');
  header.write(entry.magic ?? 'ustar\x0000', 257, 'latin1');
  const sum = entry.checksum ?? header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([header, content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)]);
}

/** An extended header for the entry that follows it. */
export function paxEntry(records: Readonly<Record<string, string>>, type = 'x'): RawEntry {
  const content = Object.entries(records).map(([key, value]) => {
    const bytes = Buffer.byteLength(` ${key}=${value}\n`);
    let length = bytes + 1;
    while (String(length).length + bytes !== length) length += 1;
    return `${length} ${key}=${value}\n`;
  });
  return { path: 'PaxHeaders/x', type, content: content.join('') };
}
