import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { nodeDecompress } from '#adapters/node/node-decompress.ts';
import { WireError } from '#domain/errors.ts';
import { type RandomAccess, readZipDirectory } from '#wire/wheel/zip-directory.ts';
import { readZipMember } from '#wire/wheel/zip-member.ts';
import { runProgram } from '../../support/run-program.ts';

/** With a limit of ten bytes instead of 2 GiB, Python writes all numbers as it does in large archives. */
const SCRIPT = `
import sys, zipfile
if sys.argv[2] == "large":
    zipfile.ZIP64_LIMIT = 10
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as archive:
    for name in ["one", "two", "three"]:
        archive.writestr(name, name * 20)
    archive.comment = b"a comment"
`;
const zip = async (size: string): Promise<Uint8Array> => {
  const folder = await mkdtemp(join(tmpdir(), 'mirrortide-zip-'));
  try {
    const result = await runProgram('python3', ['-c', SCRIPT, join(folder, 'a.zip'), size]);
    if (result.exitCode !== 0) throw new Error(result.stderr);
    return new Uint8Array(await readFile(join(folder, 'a.zip')));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
const access = (bytes: Uint8Array): RandomAccess => ({
  sizeBytes: bytes.length,
  read: async (offset, length) => bytes.subarray(offset, offset + length),
});
const edited = (bytes: Uint8Array, edit: (buffer: Buffer) => void): Uint8Array => {
  const copy = Buffer.from(bytes);
  edit(copy);
  return new Uint8Array(copy);
};

let [small, large] = [new Uint8Array(), new Uint8Array()];
beforeAll(async () => {
  [small, large] = [await zip('small'), await zip('large')] as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
});
const CENTRAL = Buffer.from('PK\x01\x02', 'latin1');
const END64 = Buffer.from('PK\x06\x06', 'latin1');
const LOCATOR = Buffer.from('PK\x06\x07', 'latin1');
const refusal = (bytes: Uint8Array) => expect(readZipDirectory(access(bytes))).rejects;

describe('the directory of a zip archive', () => {
  it.each(['small', 'large'])('is read from a %s one, and its members', async (size) => {
    const bytes = size === 'small' ? small : large;
    expect(Buffer.from(bytes).includes(END64)).toBe(size === 'large');
    const entries = await readZipDirectory(access(bytes));
    expect(entries.map(({ name, sizeBytes }) => [name, sizeBytes])).toEqual([
      ['one', 60],
      ['two', 60],
      ['three', 100],
    ]);
    const contents = await Promise.all(entries.map((entry) => readZipMember(access(bytes), entry, nodeDecompress, 1_000)));
    expect(contents.map((content) => Buffer.from(content).toString())).toEqual(
      ['one', 'two', 'three'].map((name) => name.repeat(20)),
    );
  });

  it('may be empty', async () => {
    const end = edited(new Uint8Array(22), (buffer) => buffer.writeUInt32LE(0x0605_4b50));
    expect(await readZipDirectory(access(end))).toEqual([]);
  });

  it('is refused when members lie over each other, as in a bomb', async () => {
    const second = Buffer.from(small).indexOf(CENTRAL, Buffer.from(small).indexOf(CENTRAL) + 1);
    const bomb = edited(small, (buffer) => buffer.writeUInt32LE(0, second + 42));
    await refusal(bomb).toThrow(new WireError('is a zip archive with members that lie over each other'));
  });

  it('is refused when a member reaches into it', async () => {
    const long = edited(small, (buffer) => buffer.writeUInt32LE(100_000, buffer.indexOf(CENTRAL) + 20));
    await refusal(long).toThrow(WireError);
    const last = Buffer.from(small).lastIndexOf(CENTRAL);
    const reaching = edited(small, (buffer) => buffer.writeUInt32LE(100_000, last + 20));
    await refusal(reaching).toThrow(new WireError('is cut off or damaged: three is not whole'));
  });

  it('is refused when it has more members than it says, or fewer', async () => {
    for (const count of [2, 4]) {
      const other = edited(small, (buffer) => buffer.writeUInt16LE(count, buffer.length - 'a comment'.length - 22 + 10));
      await refusal(other).toThrow(new WireError('is a zip archive with a damaged directory'));
    }
  });

  it('is refused when a large one does not end where it says, or its numbers are missing', async () => {
    const elsewhere = edited(large, (buffer) => buffer.writeBigUInt64LE(3n, buffer.indexOf(LOCATOR) + 8));
    await refusal(elsewhere).toThrow(new WireError('is a zip archive whose end is not where it says'));
    const beyond = edited(large, (buffer) => buffer.writeBigUInt64LE(1_000_000n, buffer.indexOf(LOCATOR) + 8));
    await refusal(beyond).toThrow(new WireError('is a zip archive whose end is not where it says'));
    const endless = edited(large, (buffer) => buffer.writeBigUInt64LE(2n ** 60n, buffer.indexOf(LOCATOR) + 8));
    await refusal(endless).toThrow(new WireError('is a zip archive with a number that cannot be'));
    const crowded = edited(large, (buffer) => buffer.writeBigUInt64LE(10_000_000n, buffer.indexOf(END64) + 32));
    await refusal(crowded).toThrow(new WireError('is a zip archive with too many members'));
    const bare = edited(large, (buffer) => buffer.writeUInt16LE(7, buffer.indexOf(CENTRAL) + 46 + 'one'.length));
    await refusal(bare).toThrow(new WireError('is a zip archive with a damaged directory'));
  });
});
