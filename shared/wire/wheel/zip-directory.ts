import { WireError } from '#domain/errors.ts';

/** A file of which parts are read. */
export interface RandomAccess {
  readonly sizeBytes: number;
  /** All of `length`, which is inside of the file. */
  readonly read: (offset: number, length: number) => Promise<Uint8Array>;
}

export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc32: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  readonly offset: number;
}

interface Place {
  readonly entries: number;
  readonly bytes: number;
  readonly offset: number;
  /** Where the directory has to end. */
  readonly end: number;
}

// APPNOTE.TXT of PKWARE, 4.3: the end record, its locator for large archives, entries of the directory.
const END = 0x0605_4b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 65_535;
const LOCATOR = 0x0706_4b50;
const LOCATOR_BYTES = 20;
const END64 = 0x0606_4b50;
const END64_BYTES = 56;
const ENTRY = 0x0201_4b50;
const ENTRY_BYTES = 46;
export const LOCAL_BYTES = 30;
const ALL_32 = 0xffff_ffff;
const ZIP64_FIELD = 1;
const MAX_DIRECTORY_BYTES = 67_108_864;
const MAX_ENTRIES = 500_000;

/** The members of a zip archive, by its directory. Throws WireError when it has none, as a file that was cut off. */
export async function readZipDirectory(file: RandomAccess): Promise<readonly ZipEntry[]> {
  const place = await findDirectory(file);
  if (place.entries > MAX_ENTRIES || place.bytes > MAX_DIRECTORY_BYTES)
    throw new WireError('is a zip archive with too many members');
  if (place.offset + place.bytes !== place.end)
    throw new WireError('is a zip archive whose parts are not where it says, or is damaged');
  const entries = parseEntries(await file.read(place.offset, place.bytes), place.entries);
  checkPlaces(entries, place.offset);
  return entries;
}

async function findDirectory(file: RandomAccess): Promise<Place> {
  const tailBytes = Math.min(file.sizeBytes, END_BYTES + LONGEST_COMMENT + LOCATOR_BYTES);
  const tailOffset = file.sizeBytes - tailBytes;
  const tail = viewOf(await file.read(tailOffset, tailBytes));
  for (let at = tailBytes - END_BYTES; at >= 0; at -= 1) {
    // The comment must reach to the end exactly, or these four bytes are part of something else.
    if (tail.getUint32(at, true) !== END || at + END_BYTES + tail.getUint16(at + 20, true) !== tailBytes) continue;
    const large = at >= LOCATOR_BYTES && tail.getUint32(at - LOCATOR_BYTES, true) === LOCATOR;
    if (large) return await largePlace(file, tail, at - LOCATOR_BYTES);
    return {
      entries: tail.getUint16(at + 10, true),
      bytes: tail.getUint32(at + 12, true),
      offset: tail.getUint32(at + 16, true),
      end: tailOffset + at,
    };
  }
  throw new WireError('has no directory at its end: it is cut off, or no zip archive');
}

async function largePlace(file: RandomAccess, tail: DataView, locator: number): Promise<Place> {
  const end = whole(tail.getBigUint64(locator + 8, true));
  if (end + END64_BYTES > file.sizeBytes) throw new WireError('is a zip archive whose end is not where it says');
  const record = viewOf(await file.read(end, END64_BYTES));
  if (record.getUint32(0, true) !== END64) throw new WireError('is a zip archive whose end is not where it says');
  return {
    entries: whole(record.getBigUint64(32, true)),
    bytes: whole(record.getBigUint64(40, true)),
    offset: whole(record.getBigUint64(48, true)),
    end,
  };
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function whole(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new WireError('is a zip archive with a number that cannot be');
  return Number(value);
}

function parseEntries(bytes: Uint8Array, count: number): readonly ZipEntry[] {
  const [view, entries] = [viewOf(bytes), [] as ZipEntry[]];
  let at = 0;
  for (let left = count; left > 0; left -= 1) {
    if (at + ENTRY_BYTES > bytes.length || view.getUint32(at, true) !== ENTRY) throw damaged();
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((place) => view.getUint16(at + place, true)) as [
      number,
      number,
      number,
    ];
    const extraAt = at + ENTRY_BYTES + nameBytes;
    const next = extraAt + extraBytes + commentBytes;
    if (next > bytes.length) throw damaged();
    const sizes = largeSizes(
      viewOf(bytes.subarray(extraAt, extraAt + extraBytes)),
      view.getUint32(at + 24, true),
      view.getUint32(at + 20, true),
      view.getUint32(at + 42, true),
    );
    entries.push({
      name: nameIn(bytes.subarray(at + ENTRY_BYTES, extraAt)),
      method: view.getUint16(at + 10, true),
      encrypted: (view.getUint16(at + 8, true) & 1) === 1,
      crc32: view.getUint32(at + 16, true),
      ...sizes,
    });
    at = next;
  }
  if (at !== bytes.length) throw damaged();
  return entries;
}

const damaged = (): WireError => new WireError('is a zip archive with a damaged directory');

/** Numbers that do not fit their 32 bits stand in an extra field, in this order. */
function largeSizes(extra: DataView, sizeBytes: number, packedBytes: number, offset: number) {
  const small = [sizeBytes, packedBytes, offset];
  if (!small.includes(ALL_32)) return { sizeBytes, packedBytes, offset };
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.getUint16(at + 2, true)) {
    if (extra.getUint16(at, true) !== ZIP64_FIELD) continue;
    let place = at + 4;
    const [size = 0, packed = 0, where = 0] = small.map((value) => {
      if (value !== ALL_32) return value;
      if (place + 8 > extra.byteLength) throw damaged();
      place += 8;
      return whole(extra.getBigUint64(place - 8, true));
    });
    return { sizeBytes: size, packedBytes: packed, offset: where };
  }
  throw damaged();
}

function nameIn(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new WireError('is a zip archive with a name that is not UTF-8', { cause });
  }
}

/** Members lie before the directory and beside each other; a bomb lays them over each other. */
function checkPlaces(entries: readonly ZipEntry[], directory: number): void {
  let end = 0;
  for (const entry of entries.toSorted((one, other) => one.offset - other.offset)) {
    if (entry.offset < end) throw new WireError('is a zip archive with members that lie over each other');
    end = entry.offset + LOCAL_BYTES + entry.packedBytes;
    if (end > directory) throw new WireError(`is cut off or damaged: ${entry.name.slice(0, 200)} is not whole`);
  }
}
