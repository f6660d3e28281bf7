import { setMaxListeners } from 'node:events';
import { Readable } from 'node:stream';
import type { ReleaseState } from '#domain/volume/release.ts';
import type { Sha256 } from '#domain/volume/tree.ts';
import type { ReleaseReply } from '#wire/volume/volume-replies.ts';
import type { Waiting } from '../../network/ask-service.ts';
import type { Report } from '../../report/report.ts';
import type { VolumeService } from '../service/volume-service.ts';
import type { PutObject, WantedObject } from '../transfer/put-object.ts';
import { type Sent, sendObjects } from '../transfer/send-objects.ts';
import { VolumeProblem } from '../volume-exit.ts';
import { abortReason, awaitVerdict, rejection, seal } from './await-verdict.ts';
import { foreignLease, type PublishLease, takeLease } from './publish-lease.ts';
import type { PublishWish } from './publish-wish.ts';
import { readTree } from './read-tree.ts';
import { refuseEarly } from './refuse-early.ts';
import { stagedObjects } from './staged-objects.ts';
import { type PlannedTree, type UploadPlan, uploadPlan } from './upload-plan.ts';

export interface PublishWorld {
  readonly service: VolumeService;
  readonly put: PutObject;
  readonly waiting: Waiting;
  readonly nowMs: () => number;
  readonly report: Pick<Report, 'progress' | 'note' | 'end'>;
  readonly stop: AbortSignal;
  /** A folder for what does not belong into memory. */
  readonly temporary: string;
}

export type PublishEnd = {
  readonly root: Sha256;
  /** Files and bytes of the whole tree. */
  readonly files: number;
  readonly bytes: number;
} & (
  | { readonly result: 'unchanged' }
  | { readonly result: 'planned'; readonly plan: UploadPlan }
  | { readonly result: 'sealed' | 'validated'; readonly plan: UploadPlan; readonly sent: Sent; readonly release: ReleaseReply }
  | {
      readonly result: 'released';
      readonly plan: UploadPlan;
      readonly sent: Sent;
      readonly release: ReleaseReply;
      readonly previous: Sha256 | undefined;
    }
);

/** Checked before; nothing is to be stored again. */
const READY: readonly ReleaseState[] = ['VALIDATED', 'CURRENT', 'SUPERSEDED'];
const NOTHING_SENT: Sent = { sent: 0, sentBytes: 0, present: 0 };
interface Publishing {
  readonly world: PublishWorld;
  readonly wish: PublishWish;
  readonly planned: PlannedTree;
  readonly plan: UploadPlan;
  readonly lease: PublishLease;
}

/**
 * Has all of it stored: the documents first, so that a sweeper knows what the release counts on before anybody is told that it is
 * there. Documents that are there already are a sign of an earlier run, or release, with the same files.
 */
const store = async ({ world, wish, planned, plan }: Publishing, look: boolean): Promise<Sent> => {
  const { report, service, put, waiting, nowMs, stop } = world;
  let moved = 0;
  const progress = (bytes: number): void => {
    moved += bytes;
    report.progress('sending', moved, plan.bytes);
  };
  const { sha256: root, root: tree } = planned.tree;
  const staged = stagedObjects(service, { root, files: tree.files, bytes: tree.bytes });
  const sending = { service: staged, volume: wish.volume, root, put, waiting, nowMs, stop, progress };
  const send = (wanted: AsyncIterable<WantedObject>, lookFirst: boolean): Promise<Sent> =>
    sendObjects({ ...sending, concurrency: wish.concurrency }, wanted, lookFirst);
  const documents = await send(Readable.from(plan.documents), look);
  const files = await send(plan.files(), look || documents.present > 0);
  report.end();
  return {
    sent: documents.sent + files.sent,
    sentBytes: documents.sentBytes + files.sentBytes,
    present: documents.present + files.present,
  };
};

interface Stored {
  readonly release: ReleaseReply;
  readonly sent: Sent;
}

/** From staging to the verdict; what is ready already is not sent again. */
const publishOnce = async (publishing: Publishing, isRetry: boolean): Promise<Stored> => {
  const { world, wish, planned, plan } = publishing;
  const { service, report } = world;
  const { sha256: root, root: tree } = planned.tree;
  const { release, outcome } = await service.stage(wish.volume, { root, files: tree.files, bytes: tree.bytes });
  if (READY.includes(release.state)) return { release, sent: NOTHING_SENT };
  const sent = await store(publishing, isRetry || outcome === 'resumed' || !plan.isExact);
  publishing.lease.check();
  const checking = { ...world, volume: wish.volume };
  const sealed = await seal(checking, root);
  if (!wish.wait) return { release: sealed, sent };
  report.note('sealed', 'all of it is stored; waiting for the check', { release: root });
  return { release: await awaitVerdict(checking, root), sent };
};

const validated = async (publishing: Publishing): Promise<Stored> => {
  const { world, wish, planned } = publishing;
  const checking = { ...world, volume: wish.volume };
  const root = planned.tree.sha256;
  let stored = await publishOnce(publishing, false);
  if (stored.release.state === 'ABORTED') {
    world.report.note('aborted', `${await abortReason(checking, root)}; publishing it again`, { release: root });
    stored = await publishOnce(publishing, true);
  }
  if (stored.release.state === 'ABORTED')
    throw new VolumeProblem('unavailable', `${root} was aborted again: ${await abortReason(checking, root)}`, { release: root });
  if (stored.release.state === 'REJECTED') throw rejection(stored.release);
  return stored;
};

const publishTree = async (publishing: Publishing): Promise<PublishEnd> => {
  const { world, wish, planned, plan, lease } = publishing;
  const { sha256: root, root: tree } = planned.tree;
  const { release, sent } = await validated(publishing);
  const end = { root, files: tree.files, bytes: tree.bytes, plan, sent };
  if (!READY.includes(release.state)) return { ...end, result: 'sealed', release };
  if (!wish.release) return { ...end, result: 'validated', release };
  const { fence } = lease;
  const expect = wish.expect === undefined ? {} : { expect: wish.expect };
  const body = { release: root, ...expect, ...(fence !== undefined && { fence }) };
  const moved = await world.service.change(wish.volume, 'release', body, 'moved');
  return { ...end, result: 'released', release: moved.release, previous: moved.previous };
};

/**
 * Publishes a directory whole: stage, store, seal, wait for the check, and release if that is wanted. It can be ended at any moment and
 * run again; what was stored is not sent again.
 */
export const publishVolume = async (world: PublishWorld, wish: PublishWish): Promise<PublishEnd> => {
  const { service, report, temporary, stop, nowMs } = world;
  setMaxListeners(0, stop);
  const volume = await service.volume(wish.volume);
  refuseEarly(volume, wish, nowMs());
  const planned = await readTree({
    source: wish.source,
    temporary,
    type: volume.type,
    index: wish.index,
    current: volume.current,
    document: (sha256) => service.document(wish.volume, sha256),
    report,
    stop,
  });
  const { sha256: root, root: tree } = planned.tree;
  const whole = { root, files: tree.files, bytes: tree.bytes };
  if (root === volume.current) return { ...whole, result: 'unchanged' };
  const plan = await uploadPlan(planned, temporary);
  if (wish.dryRun) return { ...whole, result: 'planned', plan };
  const lease = wish.lease ? await takeLease(service, wish.volume) : foreignLease(wish.fence);
  try {
    return await publishTree({ world, wish, planned, plan, lease });
  } finally {
    await lease.end();
  }
};
