import type { Member } from '#domain/access/volume-permissions.ts';
import type { ContentRules } from '#domain/content/content-rules.ts';
import type { Volume } from '#domain/volume/volume.ts';
import type { Clock } from '#ports/clock.ts';
import type { ContentRulesStore } from '#ports/content-rules-store.ts';
import type { Log } from '#ports/log.ts';
import type { UpstreamChecks } from '#ports/upstream-checks.ts';
import type { VolumeDooms } from '#ports/volume-dooms.ts';
import type { VolumeObjects } from '#ports/volume-objects.ts';
import type { VolumeStore } from '#ports/volume-store.ts';
import type { VolumeSweeps } from '#ports/volume-sweeps.ts';
import type { VolumeUploads } from '#ports/volume-uploads.ts';
import type { VolumeWork, VolumeWorkQueue } from '#ports/volume-work.ts';
import type { HttpCall } from '#wire/api/http-call.ts';
import type { Query } from '#wire/api/known-query.ts';

type QueueOf<Kind extends VolumeWork['kind']> = VolumeWorkQueue<Extract<VolumeWork, { readonly kind: Kind }>>;

export interface VolumesApiDeps {
  readonly content: ContentRulesStore;
  readonly volumes: Pick<VolumeStore, 'pointer' | 'release' | 'releases' | 'log' | 'change'>;
  readonly dooms: Pick<VolumeDooms, 'doomed'>;
  readonly objects: Pick<VolumeObjects, 'sizeBytes' | 'read'>;
  readonly uploads: VolumeUploads;
  readonly upstreams: Pick<UpstreamChecks, 'read' | 'readAll'>;
  readonly sweeps: Pick<VolumeSweeps, 'last'>;
  readonly checkQueue: QueueOf<'check'>;
  readonly updateQueue: QueueOf<'update'>;
  readonly sweepQueue: QueueOf<'sweep'>;
  readonly clock: Clock;
  /** A text that was never returned before. */
  readonly newId: () => string;
  readonly log: Log;
}

/** One request of somebody who is known, on a path that exists, by a method that it has. */
export interface VolumesRequest {
  readonly deps: VolumesApiDeps;
  readonly call: HttpCall;
  readonly member: Member;
  readonly rules: ContentRules;
  /** The parts of the path that its route leaves open. */
  readonly params: readonly string[];
  /** Checked: no other parameters than the route's. */
  readonly query: Query;
}

/** About one volume that the network declares, by somebody who may do that with it. */
export interface VolumeRequest extends VolumesRequest {
  readonly volume: Volume;
}

/** As logs and releases name who asks. */
export const userOf = ({ member }: Pick<VolumesRequest, 'member'>): string => `user:${member.name}`;
