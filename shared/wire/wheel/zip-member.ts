import { WireError } from '#domain/errors.ts';
import type { Decompress } from '#ports/decompress.ts';
import { LOCAL_BYTES, type RandomAccess, type ZipEntry } from './zip-directory.ts';

const LOCAL = 0x0403_4b50;
const STORED = 0;
const DEFLATED = 8;

/** CRC-32 of ISO 3309, lowest bit first. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb8_8320 : value >>> 1;
  return value;
});

/** The content of one member, held against the size and the checksum of the directory. Throws WireError when it is another. */
export async function readZipMember(
  file: RandomAccess,
  entry: ZipEntry,
  decompress: Decompress,
  maximumBytes: number,
): Promise<Uint8Array> {
  const complaint = (why: string): WireError => new WireError(`has ${JSON.stringify(entry.name.slice(0, 200))}, which ${why}`);
  if (entry.encrypted) throw complaint('is encrypted');
  if (entry.sizeBytes > maximumBytes) throw complaint(`is larger than ${maximumBytes} bytes`);
  const local = await file.read(entry.offset, LOCAL_BYTES);
  const view = new DataView(local.buffer, local.byteOffset, local.byteLength);
  if (view.getUint32(0, true) !== LOCAL) throw complaint('is not where the directory says');
  const offset = entry.offset + LOCAL_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  if (offset + entry.packedBytes > file.sizeBytes) throw complaint('is cut off');
  const packed = await file.read(offset, entry.packedBytes);
  const content = await contentOf(packed, entry, decompress, complaint);
  if (content === undefined || content.length !== entry.sizeBytes)
    throw complaint('does not unpack to the size that the directory says');
  if (crc32(content) !== entry.crc32) throw complaint('does not have the checksum that the directory says');
  return content;
}

async function contentOf(
  packed: Uint8Array,
  { method, sizeBytes }: ZipEntry,
  decompress: Decompress,
  complaint: (why: string) => WireError,
): Promise<Uint8Array | undefined> {
  if (method === STORED) return packed;
  if (method !== DEFLATED) throw complaint(`is compressed with method ${method}, which pip does not read`);
  const content = new Uint8Array(sizeBytes);
  let length = 0;
  try {
    for await (const chunk of decompress('deflate', packed, sizeBytes)) {
      content.set(chunk, length);
      length += chunk.length;
    }
  } catch (fault) {
    if (fault instanceof WireError) throw complaint(fault.message);
    throw fault;
  }
  return length === sizeBytes ? content : undefined;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffff_ffff) >>> 0;
}
