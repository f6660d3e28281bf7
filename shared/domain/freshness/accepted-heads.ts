/**
 * Which heads of a repository a client may still be given: the newest always, earlier ones by the ageing of MirrorManager2's
 * master scan (umdl.py, age_file_details; mdtm of its Rust successor). The second newest stays while the newest is younger than
 * the propagation time, so that mirrors have time to follow; every earlier head goes when it is older than the stale time.
 * Ages count from the scan that first saw a head. Both times 0 means: no alternates.
 */
import type { AlternatesPolicy, EpochMs } from '../inventory/inventory.ts';
import type { Head } from '../master/manifest.ts';

export const acceptedHeads = (heads: readonly Head[], policy: AlternatesPolicy, nowMs: EpochMs): readonly Head[] =>
  heads.filter((head, index) => {
    const newest = heads[0];
    if (index === 0 || newest === undefined) return true;
    const propagating = index === 1 && nowMs - newest.firstSeenMs < policy.propagationMs;
    return propagating || nowMs - head.firstSeenMs < policy.staleMs;
  });
