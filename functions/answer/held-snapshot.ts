/**
 * The snapshot that this process answers from. Time between requests does not exist for a function, so the pointer is polled by the
 * request that finds it old; everybody else is answered meanwhile from what is held:
 *
 *   request ──▶ pointer asked less than 3 s ago? ──yes──▶ answer from the held snapshot
 *                      │no
 *                      ▼ (one at a time)
 *               conditional read ──unchanged──▶ same
 *                      │changed
 *                      ▼
 *               fetch, verify, open ──fails──▶ log, keep the last good one, leave this version alone for 30 s
 *                      │
 *                      ▼
 *               swap: one assignment
 */
import type { EpochMs } from '#domain/inventory/inventory.ts';
import type { SnapshotPointer } from '#domain/snapshot/document.ts';
import type { SnapshotView } from '#domain/snapshot/view.ts';
import type { Clock } from '#ports/clock.ts';
import type { Log } from '#ports/log.ts';
import type { SnapshotSource } from '#ports/snapshot-store.ts';

export interface Held {
  readonly view: SnapshotView;
  readonly pointer: SnapshotPointer;
  readonly openedMs: EpochMs;
}

export interface HeldSnapshot {
  /** What to answer from; `undefined` while nothing was ever published or read. Never throws. */
  current(): Promise<Held | undefined>;
  /** When the pointer was last read with success. */
  confirmedMs(): EpochMs | undefined;
}

export interface HoldingDeps {
  readonly source: SnapshotSource;
  readonly open: (bytes: Uint8Array) => SnapshotView;
  readonly clock: Clock;
  readonly log: Log;
}

const POLL_EVERY_MS = 3_000;
/** A snapshot that could not be fetched or opened is tens of megabytes: not again at once. */
const AVOID_MS = 30_000;

export const heldSnapshot = ({ source, open, clock, log }: HoldingDeps): HeldSnapshot => {
  let held: Held | undefined;
  let version: string | undefined;
  let confirmedMs: EpochMs | undefined;
  let polledMs = Number.NEGATIVE_INFINITY;
  let polling: Promise<void> | undefined;
  let avoided = { name: '', untilMs: 0 };

  const take = async (pointer: SnapshotPointer, next: string): Promise<void> => {
    if (avoided.name === pointer.name && clock.now() < avoided.untilMs) return;
    try {
      // A rollback, or a pointer that was touched without a new snapshot: nothing to load twice.
      const view = held?.pointer.name === pointer.name ? held.view : open(await source.fetch(pointer));
      held = { view, pointer, openedMs: clock.now() };
      version = next;
      log.info('snapshot taken', { snapshot: pointer.name, sequence: pointer.sequence });
    } catch (error) {
      avoided = { name: pointer.name, untilMs: clock.now() + AVOID_MS };
      throw error;
    }
  };

  const poll = async (): Promise<void> => {
    polledMs = clock.now();
    try {
      const answer = await source.poll(version);
      confirmedMs = clock.now();
      if (answer.kind === 'changed') await take(answer.pointer, answer.version);
    } catch (error) {
      log.warn('snapshot not refreshed', { error, held: held?.pointer.name });
    } finally {
      polling = undefined;
    }
  };

  return {
    current: async () => {
      const isOld = clock.now() - polledMs >= POLL_EVERY_MS;
      if (polling === undefined && isOld) {
        polling = poll();
        await polling;
      } else if (held === undefined) await polling;
      return held;
    },
    confirmedMs: () => confirmedMs,
  };
};
