import { createHash } from 'node:crypto';
import type { ListedEntry } from '#ports/file-lister.ts';
import type { MasterFile, MasterListing, MasterReader } from '#ports/master-reader.ts';

interface HeldFile {
  readonly content: string;
  readonly modifiedSeconds: number;
}

export interface MemoryMaster {
  /** Path to content; change it at will. */
  readonly files: Map<string, HeldFile>;
  /** How a listing ends. */
  ending: MasterListing;
  /** Called after the listing and before the first read. */
  afterListing: () => void;
  /** Answers instead of the file. */
  readonly answers: Map<string, MasterFile>;
  /** Whether the listing gives digests. */
  digests: boolean;
  /** Paths that were read, in order. */
  readonly reads: string[];
  put(path: string, content: string, modifiedSeconds: number): void;
  reader(): MasterReader;
}

/** A master in memory that can be changed, cut short or broken at any moment of a scan. */
export const memoryMaster = (): MemoryMaster => {
  const files = new Map<string, HeldFile>();
  const master: MemoryMaster = {
    files,
    ending: { kind: 'complete' },
    afterListing: () => undefined,
    answers: new Map(),
    digests: false,
    reads: [],
    put: (path, content, modifiedSeconds) => void files.set(path, { content, modifiedSeconds }),
    reader: () => ({
      list: async (sink) => {
        for (const [path, { content, modifiedSeconds }] of files) {
          const entry: ListedEntry = {
            path,
            kind: 'file',
            sizeBytes: Buffer.byteLength(content),
            modifiedSeconds,
            mode: 0o100644,
          };
          sink.entry(entry);
          if (master.digests) sink.digest(path, createHash('sha256').update(content).digest('hex'));
        }
        master.afterListing();
        return master.ending;
      },
      readFile: async (path) => {
        master.reads.push(path);
        const answer = master.answers.get(path);
        if (answer !== undefined) return answer;
        const file = files.get(path);
        if (file === undefined) return { kind: 'absent' };
        const bytes = new Uint8Array(Buffer.from(file.content));
        return { kind: 'read', bytes, modifiedSeconds: file.modifiedSeconds, ageMs: undefined };
      },
    }),
  };
  return master;
};
