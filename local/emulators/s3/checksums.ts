import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { S3Error } from './s3-error.ts';

export const CHECKSUM_ALGORITHMS = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];
/** Base64 values by algorithm; a composite one carries `-<parts>` at its end. */
export type Checksums = Readonly<Partial<Record<ChecksumAlgorithm, string>>>;
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

export interface RunningChecksum {
  update(chunk: Uint8Array): void;
  /** Big-endian, as S3 prints the CRCs before base64. */
  digest(): Buffer;
}

const DIGEST_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = { crc32: 4, crc32c: 4, crc64nvme: 8, sha1: 20, sha256: 32 };

export function checksumAlgorithm(name: string): ChecksumAlgorithm {
  const algorithm = CHECKSUM_ALGORITHMS.find((known) => known === name.toLowerCase());
  if (algorithm === undefined) throw new S3Error('InvalidRequest', `Checksum algorithm ${name} is not one this emulator knows.`);
  return algorithm;
}

export function assertChecksumForm(algorithm: ChecksumAlgorithm, value: string): void {
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length !== DIGEST_BYTES[algorithm] || bytes.toString('base64') !== value) {
    throw new S3Error('InvalidRequest', `Value for x-amz-checksum-${algorithm} header is invalid.`);
  }
}

export function checksumHeaders(checksums: Checksums, type: ChecksumType): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const value = checksums[algorithm];
    if (value !== undefined) headers[`x-amz-checksum-${algorithm}`] = value;
  }
  if (Object.keys(headers).length > 0) headers['x-amz-checksum-type'] = type;
  return headers;
}

export function runningChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  switch (algorithm) {
    case 'crc32':
      return crc32Checksum();
    case 'crc32c':
      return crc32cChecksum();
    case 'crc64nvme':
      return crc64NvmeChecksum();
    case 'sha1':
    case 'sha256': {
      const hash = createHash(algorithm);
      return { update: (chunk) => void hash.update(chunk), digest: () => hash.digest() };
    }
  }
}

function bigEndian32(...words: number[]): Buffer {
  const bytes = Buffer.alloc(words.length * 4);
  words.forEach((word, index) => {
    bytes.writeUInt32BE(word >>> 0, index * 4);
  });
  return bytes;
}

function crc32Checksum(): RunningChecksum {
  let value = 0;
  return {
    update(chunk) {
      value = crc32(chunk, value);
    },
    digest: () => bigEndian32(value),
  };
}

/** One table entry of a reflected CRC: eight shifts of `index` through the polynomial. */
function tableEntry(index: number, polynomial: bigint): bigint {
  let value = BigInt(index);
  for (let bit = 0; bit < 8; bit += 1) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n;
  return value;
}

/** Castagnoli, reflected (RFC 3720 appendix B.4). */
const CRC32C_TABLE = Uint32Array.from({ length: 256 }, (_, index) => Number(tableEntry(index, 0x82f63b78n)));

function crc32cChecksum(): RunningChecksum {
  let value = 0xffffffff;
  return {
    update(chunk) {
      let running = value;
      for (let at = 0; at < chunk.length; at += 1)
        running = (running >>> 8) ^ Number(CRC32C_TABLE[(running ^ Number(chunk[at])) & 0xff]);
      value = running;
    },
    digest: () => bigEndian32(~value),
  };
}

/** CRC-64/NVME, reflected (NVM Express NVM command set specification, 64-bit guard). Halves, because BigInt per byte is far too slow. */
const CRC64_ENTRIES = Array.from({ length: 256 }, (_, index) => tableEntry(index, 0x9a6c9329ac4bc9b5n));
const CRC64_HIGH = Uint32Array.from(CRC64_ENTRIES, (entry) => Number(entry >> 32n));
const CRC64_LOW = Uint32Array.from(CRC64_ENTRIES, (entry) => Number(entry & 0xffffffffn));

function crc64NvmeChecksum(): RunningChecksum {
  let high = 0xffffffff;
  let low = 0xffffffff;
  return {
    update(chunk) {
      let [upper, lower] = [high, low];
      for (let at = 0; at < chunk.length; at += 1) {
        const index = (lower ^ Number(chunk[at])) & 0xff;
        lower = ((lower >>> 8) | (upper << 24)) ^ Number(CRC64_LOW[index]);
        upper = (upper >>> 8) ^ Number(CRC64_HIGH[index]);
      }
      [high, low] = [upper, lower];
    },
    digest: () => bigEndian32(~high, ~low),
  };
}
