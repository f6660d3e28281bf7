/**
 * The container of a packed snapshot: named columns of numbers, each a typed array in place over one buffer. Everything is
 * little-endian; on a big-endian machine columns are copied on opening. Layout, in bytes:
 *
 *   0  8 magic `MTSNAP\r\n`     8  u32 version      12  u32 number of columns     16  u32 checksum of the rest   20  u32 zero
 *   24 per column: u32 id, u32 kind, u32 offset from the start, u32 number of elements
 *   …  the columns, each at a multiple of 8
 *
 * Ids are never reused. A reader ignores ids that it does not know and refuses a file that lacks one it needs.
 */
import { WireError } from '#domain/errors.ts';

export type ColumnKind = 'u8' | 'u32' | 'f64';
export interface ColumnSpec<K extends ColumnKind = ColumnKind> {
  readonly id: number;
  readonly kind: K;
}

interface Arrays {
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
}
export type Schema = Readonly<Record<string, ColumnSpec>>;
export type ColumnsOf<S extends Schema> = { readonly [N in keyof S]: Arrays[S[N]['kind']] };
/** What a printer hands over; plain arrays are fine. */
export type ColumnValues<S extends Schema> = { readonly [N in keyof S]: ArrayLike<number> };

const MAGIC = [0x4d, 0x54, 0x53, 0x4e, 0x41, 0x50, 0x0d, 0x0a];
const HEADER_BYTES = 24;
const ENTRY_BYTES = 16;
const ALIGNMENT = 8;
const WIDTH: Readonly<Record<ColumnKind, number>> = { u8: 1, u32: 4, f64: 8 };
const KIND_CODE: Readonly<Record<ColumnKind, number>> = { u8: 1, u32: 2, f64: 3 };
/** More columns than any version will have; a bound for damaged files. */
const MAXIMUM_COLUMNS = 1024;

const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

const aligned = (offset: number): number => Math.ceil(offset / ALIGNMENT) * ALIGNMENT;

/** FNV-1a over 32 bit words: finds damage in milliseconds; the object's name (sha256) is what proves integrity. */
const checksum = (bytes: Uint8Array): number => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let hash = 0x811c9dc5;
  for (let at = HEADER_BYTES; at + 4 <= bytes.length; at += 4) hash = Math.imul(hash ^ view.getUint32(at, true), 0x01000193);
  return hash >>> 0;
};

const setElement = (view: DataView, kind: ColumnKind, at: number, value: number): void => {
  if (kind === 'u8') view.setUint8(at, value);
  else if (kind === 'u32') view.setUint32(at, value, true);
  else view.setFloat64(at, value, true);
};

export const printColumns = <S extends Schema>(schema: S, version: number, values: ColumnValues<S>): Uint8Array => {
  const names = Object.keys(schema).sort((a, b) => (schema[a]?.id ?? 0) - (schema[b]?.id ?? 0));
  const columns = names.map((name) => ({ spec: schema[name] ?? { id: 0, kind: 'u8' as const }, elements: values[name] ?? [] }));
  let end = HEADER_BYTES + ENTRY_BYTES * columns.length;
  const placed = columns.map((column) => {
    const offset = aligned(end);
    end = offset + WIDTH[column.spec.kind] * column.elements.length;
    return { ...column, offset };
  });
  const bytes = new Uint8Array(aligned(end));
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC, 0);
  view.setUint32(8, version, true);
  view.setUint32(12, placed.length, true);
  placed.forEach(({ spec, elements, offset }, index) => {
    const at = HEADER_BYTES + ENTRY_BYTES * index;
    [spec.id, KIND_CODE[spec.kind], offset, elements.length].forEach((word, i) => {
      view.setUint32(at + 4 * i, word, true);
    });
    if (spec.kind === 'u8' && elements instanceof Uint8Array) bytes.set(elements, offset);
    else
      for (let i = 0; i < elements.length; i += 1) setElement(view, spec.kind, offset + WIDTH[spec.kind] * i, elements[i] ?? 0);
  });
  view.setUint32(16, checksum(bytes), true);
  return bytes;
};

interface Placed {
  readonly kind: number;
  readonly offset: number;
  readonly count: number;
}

const readDirectory = (bytes: Uint8Array, view: DataView): ReadonlyMap<number, Placed> => {
  const count = view.getUint32(12, true);
  if (count > MAXIMUM_COLUMNS || HEADER_BYTES + ENTRY_BYTES * count > bytes.length)
    throw new WireError('snapshot: truncated directory');
  const directory = new Map<number, Placed>();
  for (let i = 0; i < count; i += 1) {
    const word = (n: number): number => view.getUint32(HEADER_BYTES + ENTRY_BYTES * i + 4 * n, true);
    directory.set(word(0), { kind: word(1), offset: word(2), count: word(3) });
  }
  return directory;
};

const openColumn = (bytes: Uint8Array, name: string, spec: ColumnSpec, placed: Placed | undefined): Arrays[ColumnKind] => {
  if (placed === undefined) throw new WireError(`snapshot: no column ${name}`);
  const { kind, offset, count } = placed;
  const end = offset + count * WIDTH[spec.kind];
  if (kind !== KIND_CODE[spec.kind] || offset % ALIGNMENT !== 0 || end > bytes.length) {
    throw new WireError(`snapshot: column ${name} is out of bounds`);
  }
  const at = bytes.byteOffset + offset;
  if (spec.kind === 'u8') return new Uint8Array(bytes.buffer, at, count);
  if (IS_LITTLE_ENDIAN) {
    return spec.kind === 'u32' ? new Uint32Array(bytes.buffer, at, count) : new Float64Array(bytes.buffer, at, count);
  }
  const view = new DataView(bytes.buffer, at, count * WIDTH[spec.kind]);
  return spec.kind === 'u32'
    ? Uint32Array.from({ length: count }, (_, i) => view.getUint32(4 * i, true))
    : Float64Array.from({ length: count }, (_, i) => view.getFloat64(8 * i, true));
};

export interface OpenedColumns<S extends Schema> {
  readonly version: number;
  readonly columns: ColumnsOf<S>;
}

/** Throws WireError when the file is damaged, of another kind, or of a version outside `versions`. */
export const openColumns = <S extends Schema>(schema: S, versions: readonly number[], file: Uint8Array): OpenedColumns<S> => {
  // Typed arrays need their alignment in memory too; bytes that came as part of something larger are moved.
  const bytes = file.byteOffset % ALIGNMENT === 0 ? file : new Uint8Array(file);
  if (bytes.length < HEADER_BYTES || MAGIC.some((byte, i) => bytes[i] !== byte)) throw new WireError('snapshot: not a snapshot');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(8, true);
  if (!versions.includes(version)) throw new WireError(`snapshot: version ${version}, readable are ${versions.join(', ')}`);
  if (bytes.length % 4 !== 0 || view.getUint32(16, true) !== checksum(bytes))
    throw new WireError('snapshot: checksum does not match');
  const directory = readDirectory(bytes, view);
  const opened = Object.entries(schema).map(([name, spec]) => [name, openColumn(bytes, name, spec, directory.get(spec.id))]);
  return { version, columns: Object.fromEntries(opened) as ColumnsOf<S> };
};
