import type { RouteOf } from '#wire/api/route-table.ts';
import {
  askedObjectsSchema,
  emptySchema,
  leaseEndSchema,
  leaseSchema,
  reasonSchema,
  releaseSchema,
  releasesSchema,
  rollBackSchema,
  stageSchema,
  sweepSchema,
} from '#wire/volume/volume-calls.ts';
import { askObjects } from './ask-objects.ts';
import { calls, callsVolume, type Endpoint, reads, readsVolume } from './endpoint.ts';
import { readGarbage, runSweep } from './garbage-calls.ts';
import { endLease, hold, lease, resume, update } from './operate-calls.ts';
import { abort, seal, stage } from './publish-calls.ts';
import { listReleases, listVolumes, readLog, readRelease, readVolume } from './read-calls.ts';
import { readDocument } from './read-document.ts';
import { pin, release, releaseTogether, rollBack } from './release-calls.ts';

const VOLUME = '/api/v1/volumes/{volume}';
const RELEASE = `${VOLUME}/releases/{release}`;
/** A thousand objects. */
const MAX_OBJECTS_CHARACTERS = 262_144;

export const ROUTES: readonly RouteOf<Endpoint>[] = [
  { path: '/api/v1/volumes', methods: { GET: reads('volume.read', listVolumes) } },
  { path: VOLUME, methods: { GET: readsVolume(readVolume) } },
  { path: `${VOLUME}/releases`, methods: { GET: readsVolume(listReleases) } },
  { path: RELEASE, methods: { GET: readsVolume(readRelease) } },
  { path: `${VOLUME}/log`, methods: { GET: readsVolume(readLog, 'limit', 'before') } },
  { path: `${VOLUME}/documents/{sha256}`, methods: { GET: readsVolume(readDocument) } },

  { path: `${VOLUME}/stage`, methods: { POST: callsVolume('release.stage', stageSchema, stage) } },
  {
    path: `${VOLUME}/objects`,
    methods: { POST: callsVolume('release.upload', askedObjectsSchema, askObjects, MAX_OBJECTS_CHARACTERS) },
  },
  { path: `${RELEASE}/seal`, methods: { POST: callsVolume('release.seal', emptySchema, seal) } },
  { path: `${RELEASE}/abort`, methods: { POST: callsVolume('release.abort', reasonSchema, abort) } },
  { path: `${VOLUME}/lease`, methods: { POST: callsVolume('volume.lease', leaseSchema, lease) } },
  { path: `${VOLUME}/lease/end`, methods: { POST: callsVolume('volume.lease', leaseEndSchema, endLease) } },

  { path: `${VOLUME}/release`, methods: { POST: callsVolume('release.commit', releaseSchema, release) } },
  // Of every volume that the body names, its own roles are asked.
  { path: '/api/v1/releases', methods: { POST: calls('volume.read', releasesSchema, releaseTogether) } },

  { path: `${VOLUME}/rollback`, methods: { POST: callsVolume('release.roll-back', rollBackSchema, rollBack) } },
  { path: `${RELEASE}/pin`, methods: { POST: callsVolume('release.pin', emptySchema, pin(true)) } },
  { path: `${RELEASE}/unpin`, methods: { POST: callsVolume('release.pin', emptySchema, pin(false)) } },
  { path: `${VOLUME}/hold`, methods: { POST: callsVolume('volume.hold', reasonSchema, hold) } },
  { path: `${VOLUME}/resume`, methods: { POST: callsVolume('volume.resume', emptySchema, resume) } },
  { path: `${VOLUME}/update`, methods: { POST: callsVolume('volume.update', emptySchema, update) } },

  { path: '/api/v1/garbage', methods: { GET: reads('garbage.read', readGarbage, 'mode') } },
  { path: '/api/v1/garbage/runs', methods: { POST: calls('garbage.run', sweepSchema, runSweep) } },
];
