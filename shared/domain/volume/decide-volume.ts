/**
 * The decisions about a volume that concern no one release: an operator's hold, and a publisher's lease. The lease is an ordinary
 * one: whoever has it publishes, it lapses by itself, and its fence makes sure that somebody who slept through the end of it
 * cannot release any more. Only the time of the service counts.
 */
import type { EpochMs } from '../inventory/inventory.ts';
import { takeTransition, type VolumeView } from './take-transition.ts';
import type { VolumeDecision } from './volume-state.ts';

/** How long a publisher's lease lasts unless it is prolonged: a run that died does not keep the next hourly one from beginning. */
export const PUBLISH_LEASE_MS = 600_000;

export const decideHold = (view: VolumeView, reason: string): VolumeDecision =>
  takeTransition('hold', view, { pointer: { hold: { by: view.by, reason, atMs: view.nowMs } }, reason });

export const decideResume = (view: VolumeView): VolumeDecision =>
  view.pointer.hold === undefined ? { kind: 'nothing' } : takeTransition('resume', view, { pointer: { hold: undefined } });

/** Takes the lease when it is free, or prolongs one's own, which is known by its fence. */
export const decideLease = (view: VolumeView, untilMs: EpochMs, fence?: number): VolumeDecision => {
  const { pointer, nowMs, by } = view;
  const alive = pointer.lease !== undefined && nowMs < pointer.lease.untilMs ? pointer.lease : undefined;
  const lease = { by, untilMs };
  if (fence !== undefined) {
    return alive !== undefined && fence === pointer.fence
      ? takeTransition('lease', view, { pointer: { lease } })
      : { kind: 'refused', refusal: { kind: 'fenced', fence: pointer.fence } };
  }
  if (alive !== undefined) return { kind: 'refused', refusal: { kind: 'leased', lease: alive } };
  return takeTransition('lease', view, { pointer: { lease, fence: pointer.fence + 1 } });
};

export const decideGiveBack = (view: VolumeView, fence: number): VolumeDecision => {
  const { pointer } = view;
  if (fence !== pointer.fence) return { kind: 'refused', refusal: { kind: 'fenced', fence: pointer.fence } };
  return pointer.lease === undefined ? { kind: 'nothing' } : takeTransition('give-back', view, { pointer: { lease: undefined } });
};
