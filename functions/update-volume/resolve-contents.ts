import { allEnded } from '#domain/all-ended.ts';
import { WireError } from '#domain/errors.ts';
import type { Sha256 } from '#domain/volume/tree.ts';
import {
  type Content,
  knownContent,
  type RememberedFile,
  type RememberedFiles,
  saidOf,
  type WantedFile,
} from '#domain/volume/upstream/wanted-file.ts';
import { receiveFiles } from './receive-files.ts';
import type { UpdateRun } from './update-run.ts';
import { UpdateStopped } from './update-stopped.ts';
import type { UpstreamListing } from './upstream/upstream-reader.ts';

export interface Resolved {
  /** What every file of the listing is, by its path. */
  readonly contents: ReadonlyMap<string, Content>;
  /** Of files whose hash upstream does not say. */
  readonly remembered: RememberedFiles;
}

/** What another version of this program wrote costs copying, and no more. */
const readMemory = async ({ deps, volume }: UpdateRun): Promise<RememberedFiles> => {
  try {
    return await deps.memory.read(volume.id);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    deps.log.warn('what was remembered of an upstream cannot be read', { volume: volume.id, error });
    return new Map();
  }
};

/** Sizes of objects whose hash is said and whose size is not: of what is current, else of what is stored. */
const knownSizes = async (run: UpdateRun, files: readonly WantedFile[]): Promise<ReadonlyMap<Sha256, number>> => {
  const { sizes } = await run.current();
  const unsized = files.flatMap(({ sha256, sizeBytes }) => (sizeBytes === undefined ? (sha256 ?? []) : []));
  const found = new Map(sizes);
  await allEnded(
    [...new Set(unsized)].filter((sha256) => !sizes.has(sha256)),
    async (sha256) => {
      const sizeBytes = await run.deps.objects.sizeBytes(sha256);
      if (sizeBytes !== undefined) found.set(sha256, sizeBytes);
    },
  );
  return found;
};

/** Counts the bytes of a release whose sizes upstream does not say; ends the run as soon as they are more than the volume may have. */
const quotaCounter = ({ volume: { quotaBytes } }: UpdateRun): ((sizeBytes: number) => void) => {
  let bytes = 0;
  return (sizeBytes) => {
    bytes += sizeBytes;
    if (quotaBytes !== undefined && bytes > quotaBytes)
      throw new UpdateStopped('guarded', `what upstream has is more than the quota of ${quotaBytes} bytes`);
  };
};

/**
 * What the files of a listing are. Most are known, by their hash or because upstream says the same of them as before; the others
 * are copied to see. What was seen is remembered also when the run ends in between, so that the next one goes on from there.
 */
export const resolveContents = async (run: UpdateRun, listing: UpstreamListing): Promise<Resolved> => {
  const files = [...listing.files.values()];
  const isNameless = files.some(({ sha256 }) => sha256 === undefined);
  const before: RememberedFiles = isNameless ? await readMemory(run) : new Map();
  const sizes = await knownSizes(run, files);
  const contents = new Map<string, Content>();
  const remembered = new Map<string, RememberedFile>();
  const unknown: WantedFile[] = [];
  const count = quotaCounter(run);
  const settle = (file: WantedFile, content: Content): void => {
    contents.set(file.path, content);
    const said = file.sha256 === undefined ? saidOf(file) : '';
    if (said !== '') remembered.set(file.path, { said, ...content });
    count(content.sizeBytes);
  };
  for (const file of files) {
    const content = knownContent(file, sizes, before);
    if (content === undefined) unknown.push(file);
    else settle(file, content);
  }
  if (unknown.length === 0) return { contents, remembered };
  await run.lease.take();
  try {
    await receiveFiles(run, unknown, settle);
  } finally {
    if (remembered.size > 0) await run.deps.memory.write(run.volume.id, remembered);
  }
  return { contents, remembered };
};
