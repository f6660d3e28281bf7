import { allEnded } from '#domain/all-ended.ts';
import type { Content, WantedFile } from '#domain/volume/upstream/wanted-file.ts';
import { receiveFile } from './receive-file.ts';
import type { UpdateRun } from './update-run.ts';
import { TooLarge } from './update-stopped.ts';

/** Larger files come one at a time: each waits on disk until all of it is there, and a function has room for one. */
const LARGE_BYTES = 268_435_456;

/** Undefined: it turned out to be large. */
const receiveSmall = async (run: UpdateRun, file: WantedFile): Promise<Content | undefined> => {
  if (file.sizeBytes !== undefined) return receiveFile(run, file);
  const { quotaBytes = LARGE_BYTES } = run.volume;
  try {
    return await receiveFile(run, file, Math.min(LARGE_BYTES, quotaBytes));
  } catch (error) {
    if (error instanceof TooLarge && quotaBytes >= LARGE_BYTES) return undefined;
    throw error;
  }
};

/** Copies files from upstream: as many at once as the network lets a host bear, then the large ones. */
export const receiveFiles = async (
  run: UpdateRun,
  files: readonly WantedFile[],
  received: (file: WantedFile, content: Content) => void,
): Promise<void> => {
  const [large, small] = [[] as WantedFile[], [] as WantedFile[]];
  for (const file of files) ((file.sizeBytes ?? 0) > LARGE_BYTES ? large : small).push(file);
  const receive = async (file: WantedFile): Promise<void> => {
    const content = await receiveSmall(run, file);
    if (content === undefined) large.push(file);
    else received(file, content);
  };
  await allEnded(small, receive, run.connections);
  for (const file of large) received(file, await receiveFile(run, file));
};
