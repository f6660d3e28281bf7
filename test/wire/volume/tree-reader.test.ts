import { describe, expect, it } from 'vitest';
import { nodeDecompress } from '#adapters/node/node-decompress.ts';
import { nodeDigester } from '#adapters/node/node-digester.ts';
import { Fault, WireError } from '#domain/errors.ts';
import type { TreeEntry } from '#domain/volume/tree.ts';
import type { VolumeType } from '#domain/volume/volume.ts';
import { treeReader } from '#wire/tree/open-tree.ts';
import { volumeValidator } from '#wire/volume/volume-validator.ts';

const entry = (path: string, sizeBytes: number): TreeEntry => ({ path, sha256: path.padEnd(64, '0'), sizeBytes, mode: 'file' });

describe('a tree whose files are in the store', () => {
  it('has its entries at hand, and reads what is not larger than the limit by its hash', async () => {
    const asked: string[] = [];
    const tree = treeReader(
      async (sha256, maximumBytes) => {
        asked.push(`${sha256[0]} ${maximumBytes}`);
        return new Uint8Array([1, 2, 3]);
      },
      [entry('a', 3), entry('b', 9)],
    );
    expect([...tree.paths()]).toEqual(['a', 'b']);
    expect(tree.entry('b')).toEqual(entry('b', 9));
    expect(tree.entry('c')).toBeUndefined();
    expect([await tree.read('a', 5), await tree.read('b', 5), await tree.read('c', 5)]).toEqual([
      new Uint8Array([1, 2, 3]),
      undefined,
      undefined,
    ]);
    expect(asked).toEqual(['a 5']);
  });

  it.each<[VolumeType, string]>([
    ['rpm', 'repodata/repomd.xml'],
    ['apt', 'dists/stable/Release'],
    ['wheel', 'hat-1-py3-none-any.whl'],
    ['pypi', 'simple/index.html'],
    ['files', 'SHA256SUMS'],
    ['files', 'a.sha256'],
  ])('of type %s is bad when %s is damaged in the store, and nothing is said of it when the store fails', async (type, path) => {
    const validate = (fault: Error) => {
      const tree = treeReader(async () => {
        throw fault;
      }, [entry(path, 9), ...(type === 'wheel' ? [entry('index.html', 0)] : [])]);
      return volumeValidator({ type, mount: 'here' }, { decompress: nodeDecompress, digester: nodeDigester })(tree);
    };
    expect(await validate(new WireError('does not have the hash'))).toEqual([{ path, message: 'does not have the hash' }]);
    const down = new Fault('the store is down');
    await expect(validate(down)).rejects.toBe(down);
  });

  it('is bad, and no more, when a file that is read for another digest is damaged', async () => {
    const files = new Map([['a.sha512', new Uint8Array(Buffer.from('0'.repeat(128)))]]);
    const tree = treeReader(
      async (sha256) => {
        const bytes = files.get(sha256.replace(/0+$/, ''));
        if (bytes === undefined) throw new WireError('does not have the hash');
        return bytes;
      },
      [entry('a', 9), entry('a.sha512', 128)],
    );
    const validate = volumeValidator({ type: 'files', mount: 'here' }, { decompress: nodeDecompress, digester: nodeDigester });
    expect(await validate(tree)).toEqual([{ path: 'a', message: 'does not have the hash' }]);
  });
});
