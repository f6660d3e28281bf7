import type { CrawlPolicy } from '#domain/inventory/inventory.ts';
import type { Clock } from '#ports/clock.ts';
import type { ContentRulesStore } from '#ports/content-rules-store.ts';
import type { FileLister } from '#ports/file-lister.ts';
import type { HttpPeer } from '#ports/http-peer.ts';
import type { Log } from '#ports/log.ts';
import type { ObjectIntake } from '#ports/object-intake.ts';
import type { UpstreamChecks } from '#ports/upstream-checks.ts';
import type { UpstreamMemory } from '#ports/upstream-memory.ts';
import type { VolumeDooms } from '#ports/volume-dooms.ts';
import type { VolumeObjects } from '#ports/volume-objects.ts';
import type { VolumeStore } from '#ports/volume-store.ts';
import type { VolumeWork, VolumeWorkQueue } from '#ports/volume-work.ts';
import type { ReadingPorts } from '#wire/volume/read-file.ts';

type QueueOf<Kind extends VolumeWork['kind']> = VolumeWorkQueue<Extract<VolumeWork, { readonly kind: Kind }>>;
export type UpdateWork = Extract<VolumeWork, { readonly kind: 'update' }>;

export interface UpstreamPeers {
  readonly http: HttpPeer;
  readonly lister: FileLister;
}

export interface UpdateVolumeDeps extends ReadingPorts {
  readonly content: ContentRulesStore;
  readonly volumes: Pick<VolumeStore, 'pointer' | 'release' | 'change'>;
  readonly objects: Pick<VolumeObjects, 'put' | 'read' | 'sizeBytes'>;
  readonly dooms: Pick<VolumeDooms, 'doomed'>;
  readonly intake: ObjectIntake;
  readonly memory: UpstreamMemory;
  readonly checks: UpstreamChecks;
  readonly checkQueue: QueueOf<'check'>;
  readonly updateQueue: QueueOf<'update'>;
  /** Peers that obey the network's crawl policy: identity, address guard, ports. */
  readonly peers: (policy: CrawlPolicy) => UpstreamPeers;
  readonly clock: Clock;
  /** Resolves after so many milliseconds. */
  readonly pause: (ms: number) => Promise<void>;
  readonly log: Log;
  /** How long a run asks upstream for more. */
  readonly runMs: number;
}

/** As it stands in a volume's log. */
export const BY_UPDATE = 'update';
/** Who asks when nobody does. */
export const BY_SCHEDULE = 'schedule';
