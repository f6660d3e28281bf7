import { allEnded } from '#domain/all-ended.ts';
import type { Sha256 } from '#domain/volume/tree.ts';
import { untilUndoomed } from '#domain/volume/until-undoomed.ts';
import type { Content, WantedFile } from '#domain/volume/upstream/wanted-file.ts';
import { receiveFiles } from './receive-files.ts';
import type { Resolved } from './resolve-contents.ts';
import type { UpdateRun } from './update-run.ts';
import { broken, UpdateStopped, UpstreamBroken } from './update-stopped.ts';
import type { UpstreamListing } from './upstream/upstream-reader.ts';

/** A file with what it must be, whether upstream says so or it was once seen. */
interface Expected {
  readonly file: WantedFile;
  readonly content: Content;
}

const LOOKS_AT_ONCE = 32;

/** One file for each object that what is current does not have. */
const expectedOf = async (run: UpdateRun, { files }: UpstreamListing, { contents }: Resolved): Promise<readonly Expected[]> => {
  const { sizes } = await run.current();
  const found = new Map<Sha256, Expected>();
  for (const file of files.values()) {
    const content = contents.get(file.path);
    if (content === undefined || sizes.get(content.sha256) === content.sizeBytes || found.has(content.sha256)) continue;
    found.set(content.sha256, { file, content });
  }
  return [...found.values()];
};

/** The lease is kept while somebody else decides. */
const waitForDooms = ({ deps, session, lease }: UpdateRun, objects: readonly Sha256[]): Promise<void> => {
  const mayWait = (doomed: number): Promise<void> => {
    if (session.leftMs() <= 0) throw new UpdateStopped('busy', `${doomed} objects are about to be removed or spared`);
    return lease.keep();
  };
  return untilUndoomed({ doomed: deps.dooms.doomed, pause: deps.pause, mayWait }, objects);
};

const isMissing = async ({ deps }: UpdateRun, { file, content }: Expected): Promise<boolean> => {
  const storedBytes = await deps.objects.sizeBytes(content.sha256);
  if (storedBytes !== undefined && storedBytes !== content.sizeBytes)
    throw broken(file.path, `has ${storedBytes} bytes, and not ${content.sizeBytes} as upstream says`);
  return storedBytes === undefined;
};

/** A file changed, and upstream says the same of it as before: it is to be looked at anew. */
const forget = async (run: UpdateRun, { remembered }: Resolved, { path, message }: UpstreamBroken): Promise<never> => {
  const known = new Map(remembered);
  known.delete(path);
  await run.deps.memory.write(run.volume.id, known);
  throw new UpdateStopped('upstream_moving', message);
};

/**
 * Stores the objects that a release counts on and that are not there. Only after it was staged with its documents: from then on a
 * sweeper sees what it counts on, and first the dooms are asked for and then the objects (see garbage.ts).
 */
export const storeMissing = async (run: UpdateRun, listing: UpstreamListing, resolved: Resolved): Promise<void> => {
  const expected = await expectedOf(run, listing, resolved);
  await waitForDooms(
    run,
    expected.map(({ content }) => content.sha256),
  );
  const looked = await allEnded(expected, async (one) => ((await isMissing(run, one)) ? one : undefined), LOOKS_AT_ONCE);
  const missing = looked.flatMap((one) => (one === undefined ? [] : { ...one.file, ...one.content }));
  try {
    await receiveFiles(run, missing, () => undefined);
  } catch (error) {
    if (!(error instanceof UpstreamBroken) || !resolved.remembered.has(error.path)) throw error;
    await forget(run, resolved, error);
  }
};
