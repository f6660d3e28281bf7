import type { Digest } from '#domain/artefact/digest.ts';
import { type Content, contentProblem, type WantedFile } from '#domain/volume/upstream/wanted-file.ts';
import type { ObjectReceiver } from '#ports/object-intake.ts';
import { MOST_UPLOAD_BYTES } from '#ports/volume-uploads.ts';
import type { UpdateRun } from './update-run.ts';
import { broken, UpdateStopped } from './update-stopped.ts';
import { urlOf } from './upstream/upstream-files.ts';
import { filesTop } from './upstream/volume-upstream.ts';

/** One try to receive a file: what came of it so far. */
interface Try {
  readonly receiver: ObjectReceiver;
  readonly digest: () => Digest | undefined;
  readonly onChunk: (chunk: Uint8Array) => Promise<void>;
}

const beginTry = async ({ deps, lease }: UpdateRun, { digest }: WantedFile): Promise<Try> => {
  const receiver = await deps.intake.open();
  const running = digest === undefined ? undefined : deps.digester(digest.algorithm);
  return {
    receiver,
    digest: () => (digest === undefined ? undefined : { algorithm: digest.algorithm, hex: running?.hex() ?? '' }),
    onChunk: async (chunk) => {
      await lease.keep();
      running?.update(chunk);
      await receiver.write(chunk);
    },
  };
};

/** Of a file whose size upstream does not say: no more than the whole volume may have. */
const mostBytes = ({ volume }: UpdateRun): number => Math.min(MOST_UPLOAD_BYTES, volume.quotaBytes ?? MOST_UPLOAD_BYTES);

/**
 * Copies a file from upstream. It is an object only if it is what upstream says of it; otherwise the run ends. `unsaidBytes`: the
 * most that may come where upstream says no size.
 */
export const receiveFile = async (run: UpdateRun, file: WantedFile, unsaidBytes = mostBytes(run)): Promise<Content> => {
  if ((file.sizeBytes ?? 0) > MOST_UPLOAD_BYTES)
    throw new UpdateStopped('guarded', `${file.path} is larger than ${MOST_UPLOAD_BYTES} bytes, and one file cannot be`);
  const tries: Try[] = [];
  try {
    const url = urlOf(filesTop(run.volume), file);
    const answer = await run.session.stream(url, file.sizeBytes ?? unsaidBytes, async () => {
      await tries.pop()?.receiver.discard();
      const next = await beginTry(run, file);
      tries.push(next);
      return next.onChunk;
    });
    const [last] = tries;
    if (answer === undefined || last === undefined) throw broken(file.path, 'is listed and not there');
    const received = last.receiver.received();
    const problem = contentProblem(file, received, last.digest());
    if (problem !== undefined) throw broken(file.path, problem);
    await last.receiver.store();
    run.progress.stored += 1;
    run.progress.storedBytes += received.sizeBytes;
    return received;
  } finally {
    await tries.pop()?.receiver.discard();
  }
};
