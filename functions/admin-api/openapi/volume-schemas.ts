import { RELEASE_STATES } from '#domain/volume/release.ts';
import { TRANSITION_NAMES } from '#domain/volume/release-transitions.ts';
import { UPDATE_ENDS } from '#domain/volume/upstream/upstream-check.ts';
import { VOLUME_TYPES } from '#domain/volume/volume.ts';
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
import { arrayOf, fromParser, type JsonSchema, object, ref, text, whole } from './entity-schemas.ts';

const EPOCH = 'Milliseconds since 1970-01-01 UTC.';
const flag = (description: string): JsonSchema => ({ type: 'boolean', description });
const sha256 = (description: string): JsonSchema => ({ type: 'string', pattern: '^[0-9a-f]{64}$', description });
const ROOT = sha256('SHA-256 of the root document of its tree.');

const POINTER: Readonly<Record<string, JsonSchema>> = {
  volume: text(),
  version: whole('Counts decisions about the volume.'),
  current: sha256('The release that everybody gets; absent before the first.'),
  previous: sha256('What a rollback goes to unless told otherwise.'),
  moves: whole('How often `current` was moved.'),
  movedMs: whole(EPOCH),
  hold: object({ by: text(), reason: text(), atMs: whole(EPOCH) }),
  lease: object({ by: text(), untilMs: whole(`${EPOCH} It may be over.`), fence: whole('Of the latest lease.') }),
};
const POINTER_REQUIRED = ['volume', 'version', 'moves'];

const VOLUME: Readonly<Record<string, JsonSchema>> = {
  ...POINTER,
  mount: text('The path below which its content is found.'),
  type: { enum: VOLUME_TYPES },
  upstream: text('Where it is copied from.'),
  currentRelease: ref('VolumeRelease'),
  update: object(
    {
      end: { enum: UPDATE_ENDS },
      problem: text(),
      startedMs: whole(`${EPOCH} Of the latest run.`),
      checkedMs: whole(`${EPOCH} It is as fresh as upstream was then.`),
      changedMs: whole(EPOCH),
      releasedMs: whole(EPOCH),
      failures: whole('Runs that failed in a row.'),
    },
    ['end', 'startedMs', 'failures'],
  ),
};

const RELEASE: Readonly<Record<string, JsonSchema>> = {
  release: ROOT,
  sequence: whole('Counts the releases of the volume.'),
  state: { enum: RELEASE_STATES },
  parent: sha256('What was current when it was staged.'),
  files: whole('In its tree.'),
  bytes: whole('Of all files together.'),
  createdMs: whole(EPOCH),
  createdBy: text(),
  sinceMs: whole(`${EPOCH} When the state began.`),
  pinned: flag('Kept until somebody unpins it.'),
  problems: arrayOf(object({ path: text('Empty for the whole release.'), message: text() })),
};

const MOVED: Readonly<Record<string, JsonSchema>> = {
  outcome: { enum: ['released', 'nothing'], description: '`nothing`: it was so already.' },
  release: ref('VolumeRelease'),
  pointer: ref('VolumePointer'),
  previous: sha256('What to go back to.'),
};

const bodies = (): Readonly<Record<string, JsonSchema>> => ({
  StageRelease: fromParser(stageSchema),
  AskObjects: fromParser(askedObjectsSchema),
  ReleaseVolume: fromParser(releaseSchema),
  ReleaseVolumes: fromParser(releasesSchema),
  RollBackVolume: fromParser(rollBackSchema),
  VolumeReason: fromParser(reasonSchema),
  LeaseVolume: fromParser(leaseSchema),
  EndVolumeLease: fromParser(leaseEndSchema),
  RunSweep: fromParser(sweepSchema),
  Empty: fromParser(emptySchema),
});

const sweep = (): JsonSchema =>
  object(
    {
      run: text('As it was named when it was asked for.'),
      mode: { enum: ['planned', 'done'], description: '`planned` only counts.' },
      by: text(),
      startedMs: whole(EPOCH),
      endedMs: whole(`${EPOCH} Absent while it goes on.`),
      prefixes: whole('Done, of 256.'),
      expired: whole('Releases.'),
      looked: whole('Objects.'),
      doomed: whole('Objects that nobody seemed to need.'),
      removed: whole('Of these.'),
      spared: whole('Of these.'),
      bytes: whole('Removed.'),
      problem: text('Why it went no further.'),
    },
    ['run', 'mode', 'by', 'startedMs', 'prefixes', 'expired', 'looked', 'doomed', 'removed', 'spared', 'bytes'],
  );

/** `components.schemas` of what publishers and operators send and are told. */
export const volumeSchemas = (): Readonly<Record<string, JsonSchema>> => ({
  ...bodies(),
  VolumePointer: object(POINTER, POINTER_REQUIRED),
  Volume: object(VOLUME, [...POINTER_REQUIRED, 'mount', 'type']),
  VolumeList: object({ volumes: arrayOf(ref('Volume')) }),
  VolumeForReader: object(
    { ...VOLUME, roles: object({ publish: flag('Yours.'), release: flag('Yours.'), operate: flag('Yours.') }) },
    [...POINTER_REQUIRED, 'mount', 'type', 'roles'],
  ),
  VolumeRelease: object(RELEASE, ['release', 'sequence', 'state', 'files', 'bytes', 'createdMs', 'createdBy', 'sinceMs']),
  VolumeReleaseList: object({ releases: arrayOf(ref('VolumeRelease')) }),
  VolumeLog: object({
    entries: arrayOf(
      object(
        {
          version: whole('`before` of the page that begins behind it.'),
          operation: { enum: TRANSITION_NAMES },
          release: ROOT,
          before: sha256('What was current until then.'),
          by: text(),
          atMs: whole(EPOCH),
          reason: text(),
        },
        ['version', 'operation', 'by', 'atMs'],
      ),
    ),
  }),
  StagedRelease: object({
    outcome: { enum: ['staged', 'resumed', 'nothing'], description: '`nothing`: it is current, or may be released as it is.' },
    release: ref('VolumeRelease'),
  }),
  ObjectStandings: object({
    objects: arrayOf(
      object(
        {
          sha256: sha256('The object.'),
          standing: { enum: ['missing', 'usable', 'wait'], description: '`wait`: ask again in some seconds.' },
          upload: object({
            url: text('Put the bytes there, with exactly these headers. 412: they are there already.'),
            headers: { type: 'object', additionalProperties: text() },
          }),
        },
        ['sha256', 'standing'],
      ),
    ),
    expiresMs: whole(`${EPOCH} Of the URLs.`),
  }),
  AskedRelease: object({ release: ref('VolumeRelease') }),
  ChangedVolume: object({ pointer: ref('VolumePointer'), release: ref('VolumeRelease') }, ['pointer']),
  MovedVolume: object(MOVED, ['outcome', 'release', 'pointer']),
  MovedVolumes: object({ releases: arrayOf(object({ ...MOVED, volume: text() }, ['volume', 'outcome', 'release', 'pointer'])) }),
  VolumeLease: object({ fence: whole('Goes with the release.'), untilMs: whole(EPOCH) }),
  AskedUpdate: object({ volume: text() }),
  AskedSweep: object({ run: text('Names its report.') }),
  LastSweep: object({ last: sweep() }, []),
});
