import type { Sha256 } from '#domain/volume/tree.ts';
import { MOST_ASKED_OBJECTS } from '#wire/volume/volume-calls.ts';
import type { ObjectStandingReply } from '#wire/volume/volume-replies.ts';
import type { Waiting } from '../../network/ask-service.ts';
import type { VolumeService } from '../service/volume-service.ts';
import { VolumeProblem } from '../volume-exit.ts';
import type { PutObject, Upload, WantedObject } from './put-object.ts';
import { taskPool } from './task-pool.ts';

export interface Sending {
  readonly service: Pick<VolumeService, 'objects'>;
  readonly volume: string;
  /** Of the release that was staged. */
  readonly root: Sha256;
  readonly put: PutObject;
  readonly concurrency: number;
  readonly waiting: Waiting;
  readonly nowMs: () => number;
  readonly stop: AbortSignal;
  /** Of bytes that arrived, or need not be sent; less than nothing where an attempt failed. */
  readonly progress: (bytes: number) => void;
}

export interface Sent {
  readonly sent: number;
  readonly sentBytes: number;
  /** Found to be stored already. */
  readonly present: number;
}

/** To be asked for once more: it is doomed for now, or its URL was not accepted. */
interface Later {
  readonly object: WantedObject;
  readonly refusals: number;
  readonly reason: string;
}

/** URLs are good for a while only, and a batch should be stored by then. */
const BATCH_BYTES = 4 * 2 ** 30;
const MOST_LATER = 10_000;
const ATTEMPTS = 6;
const BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 30_000;
const MOST_REFUSALS = 3;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;
/** A doomed object goes or stays within twenty minutes. */
const MOST_WAIT_MS = 1_500_000;

async function* batches(wanted: AsyncIterable<WantedObject>): AsyncGenerator<readonly WantedObject[]> {
  let [batch, bytes]: [WantedObject[], number] = [[], 0];
  for await (const object of wanted) {
    batch.push(object);
    bytes += object.sizeBytes;
    if (batch.length < MOST_ASKED_OBJECTS && bytes < BATCH_BYTES) continue;
    yield batch;
    [batch, bytes] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

/** Puts one object, as often as it takes. */
const persistentPut =
  ({ put, waiting, stop, progress }: Sending) =>
  async (object: WantedObject, upload: Upload) => {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await put(object, upload, progress);
      if (outcome.kind !== 'again') return outcome;
      if (stop.aborted || attempt === ATTEMPTS)
        throw new VolumeProblem('unavailable', `${outcome.reason}; what was stored stays, run it again`);
      await waiting.sleep(waiting.random() * Math.min(LONGEST_BACKOFF_MS, BACKOFF_MS * 2 ** attempt));
    }
  };

/**
 * Has every object stored. With `look` the service says which are there already; without, each is put, and the store says so
 * instead. Once it has said so of one, an earlier run was interrupted, and the service is asked to look.
 */
export const sendObjects = async (sending: Sending, wanted: AsyncIterable<WantedObject>, look: boolean): Promise<Sent> => {
  const { service, volume, root, concurrency, waiting, nowMs, stop, progress } = sending;
  const pool = taskPool(concurrency);
  const put = persistentPut(sending);
  const counts = { sent: 0, sentBytes: 0, present: 0 };
  let looks = look;
  let later: Later[] = [];

  const store = async (asked: Later, upload: Upload): Promise<void> => {
    if (stop.aborted) throw new VolumeProblem('interrupted', 'interrupted');
    const { object } = asked;
    const outcome = await put(object, upload);
    if (outcome.kind === 'expired') {
      if (asked.refusals + 1 >= MOST_REFUSALS) throw new VolumeProblem('unavailable', outcome.reason);
      later.push({ object, refusals: asked.refusals + 1, reason: outcome.reason });
    } else if (outcome.kind === 'present') {
      counts.present += 1;
      looks = true;
    } else {
      counts.sent += 1;
      counts.sentBytes += object.sizeBytes;
    }
  };

  const settle = async (asked: Later, standing: ObjectStandingReply | undefined): Promise<void> => {
    const { object } = asked;
    if (standing?.standing === 'usable') {
      counts.present += 1;
      progress(object.sizeBytes);
    } else if (standing?.standing === 'wait') {
      later.push({ ...asked, reason: `${object.name} has the content of an object that is being removed` });
    } else {
      const { upload } = standing ?? {};
      if (upload === undefined) throw new VolumeProblem('unavailable', `the service does not say how to store ${object.name}`);
      await pool.start(() => store(asked, upload));
    }
  };

  const ask = async (batch: readonly Later[], lookNow: boolean): Promise<void> => {
    const asked = batch.map(({ object: { sha256, sizeBytes } }) => ({ sha256, sizeBytes }));
    const { objects } = await service.objects(volume, { root, objects: asked, look: lookNow });
    const standings = new Map(objects.map((one) => [one.sha256, one]));
    for (const one of batch) await settle(one, standings.get(one.object.sha256));
  };

  const askAgain = async (): Promise<void> => {
    await pool.idle();
    const sinceMs = nowMs();
    for (let waitMs = FIRST_WAIT_MS; later.length > 0; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
      const [asked, first] = [later, later[0]];
      if (nowMs() - sinceMs > MOST_WAIT_MS) throw new VolumeProblem('unavailable', `${first?.reason}; run it again later`);
      later = [];
      if (asked.every(({ refusals }) => refusals === 0)) await waiting.sleep(waitMs * (1 + waiting.random()));
      for (let at = 0; at < asked.length; at += MOST_ASKED_OBJECTS) await ask(asked.slice(at, at + MOST_ASKED_OBJECTS), true);
      await pool.idle();
    }
  };

  for await (const batch of batches(wanted)) {
    await ask(
      batch.map((object) => ({ object, refusals: 0, reason: '' })),
      looks,
    );
    if (later.length >= MOST_LATER) await askAgain();
  }
  await askAgain();
  return counts;
};
