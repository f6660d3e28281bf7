import type { ReleaseState } from '#domain/volume/release.ts';
import type { TreeEntry } from '#domain/volume/tree.ts';
import { byPath } from '#domain/volume/tree-of.ts';
import { type PrintedTree, printTree } from '#wire/tree/tree-printer.ts';
import { parseVolumeReply } from '#wire/volume/volume-replies.ts';
import type { CheckOutcome, CheckWork } from '../../functions/check-release/check-release.ts';
import { hashOf } from './tree-arbitrary.ts';
import type { Person, VolumesSetup } from './volumes-setup.ts';

export type Content = string | Uint8Array;
export type Files = Readonly<Record<string, Content>>;

const bytesOf = (content: Content): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(content));

/** A tree of files with everything of it that is to be stored, by hash. */
export interface Prepared {
  readonly tree: PrintedTree;
  readonly objects: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

export const prepare = (files: Files): Prepared => {
  const entries = Object.entries(files).map(([path, content]): TreeEntry => {
    const bytes = bytesOf(content);
    return { path, sha256: hashOf(bytes), sizeBytes: bytes.length, mode: 'file' };
  });
  const { shards, ...tree } = printTree(entries.toSorted(byPath), hashOf);
  const documents = [tree.document, ...shards.map(({ document }) => document)];
  const contents = [...documents, ...Object.values(files)].map(bytesOf);
  return { tree, objects: new Map(contents.map((bytes) => [hashOf(bytes), bytes])) };
};

/** With a list of their checksums, which the validator of plain files looks at. */
export const withSums = (files: Readonly<Record<string, string>>): Files => ({
  ...files,
  SHA256SUMS: Object.entries(files)
    .map(([path, text]) => `${hashOf(text)}  ${path}\n`)
    .join(''),
});

/** Any client of the API would do: it knows URLs and JSON, and puts bytes where it is told to. */
export const publisher = (setup: VolumesSetup, volume: string, who: Person = 'ann') => {
  const post = async (path: string, body: unknown): Promise<unknown> => {
    const reply = await setup.ask(who, 'POST', `/volumes/${volume}/${path}`, body);
    if (reply.statusCode >= 300) throw new Error(`${path}: ${reply.statusCode} ${reply.body}`);
    return JSON.parse(reply.body) as unknown;
  };

  const stage = async ({ tree }: Prepared) => {
    const { files, bytes } = tree.root;
    return parseVolumeReply('staged', await post('stage', { root: tree.sha256, files, bytes }));
  };

  /** Puts what is asked for; says how many objects that were. */
  const store = async ({ tree, objects }: Prepared, look = true): Promise<number> => {
    const asked = [...objects].map(([sha256, bytes]) => ({ sha256, sizeBytes: bytes.length }));
    const reply = parseVolumeReply('objects', await post('objects', { root: tree.sha256, objects: asked, look }));
    const missing = reply.objects.filter(({ standing }) => standing === 'missing');
    for (const { sha256, upload } of missing) {
      const body = objects.get(sha256) ?? new Uint8Array();
      const response = await fetch(upload?.url ?? '', { method: 'PUT', body, headers: upload?.headers ?? {} });
      if (response.status !== 200 && response.status !== 412) throw new Error(`${response.status} ${await response.text()}`);
      await response.arrayBuffer();
    }
    return missing.length;
  };

  const seal = ({ tree }: Prepared) => post(`releases/${tree.sha256}/seal`, {});

  return {
    stage,
    store,
    seal,
    /** Staged, and stored but for the objects of these paths. */
    stageWithout: async (files: Files, ...left: readonly string[]): Promise<Prepared> => {
      const prepared = prepare(files);
      await stage(prepared);
      const objects = new Map(prepared.objects);
      for (const path of left) objects.delete(hashOf(files[path] ?? path));
      await store({ ...prepared, objects });
      return prepared;
    },
    /** The message that the seal leaves in the queue. */
    takeCheck: async (prepared: Prepared): Promise<CheckWork> => {
      await seal(prepared);
      const message = setup.queued.splice(0).at(-1);
      return message?.work as CheckWork;
    },
    /** From files to whatever the check says; answers the root. */
    publish: async (files: Files): Promise<{ readonly root: string; readonly outcome: CheckOutcome | undefined }> => {
      const prepared = prepare(files);
      await stage(prepared);
      await store(prepared);
      await seal(prepared);
      const outcomes = await setup.runChecks();
      return { root: prepared.tree.sha256, outcome: outcomes[0] };
    },
    state: async (root: string): Promise<ReleaseState | undefined> => (await setup.volumes.release(volume, root))?.state,
  };
};
