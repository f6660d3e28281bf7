import { ref, text } from './entity-schemas.ts';
import type { Described } from './operations.ts';

const VOLUME = '/api/v1/volumes/{volume}';
const RELEASE = `${VOLUME}/releases/{release}`;

const LIST_ERRORS = [400, 401, 503];
const READ_ERRORS = [400, 401, 404, 503];
const CALL_ERRORS = [400, 401, 403, 404, 409, 413, 503];
/** Of calls that no state of a volume refuses. */
const SURE_ERRORS = CALL_ERRORS.filter((status) => status !== 409);

const reading = (id: string, summary: string, schema: string, more: Partial<Described> = {}): Described => ({
  id,
  summary,
  tag: 'volumes',
  replies: { 200: { description: 'As it is.', schema: ref(schema) } },
  errors: READ_ERRORS,
  ...more,
});

const calling = (id: string, summary: string, body: string, schema: string, more: Partial<Described> = {}): Described => ({
  id,
  summary,
  tag: 'volumes',
  body: { schema: ref(body), name: body },
  replies: { 200: { description: 'As it is now.', schema: ref(schema) } },
  errors: CALL_ERRORS,
  ...more,
});

const asked = (schema: string): Described['replies'] => ({
  202: { description: 'It is asked for.', schema: ref(schema) },
});

/** The endpoints of volumes. The function beside answers them; what it refuses is 409, with the refusal's `kind` and more of it. */
export const VOLUME_OPERATIONS: Readonly<Record<string, Described>> = {
  'GET /api/v1/volumes': reading('listVolumes', 'Every volume, and where it stands.', 'VolumeList', { errors: LIST_ERRORS }),
  [`GET ${VOLUME}`]: reading('readVolume', 'One volume, and what you may do with it.', 'VolumeForReader'),
  [`GET ${VOLUME}/releases`]: reading('listReleases', 'Releases of a volume, newest first.', 'VolumeReleaseList'),
  [`GET ${RELEASE}`]: reading('readRelease', 'One release: by its root, its sequence, `current` or `previous`.', 'VolumeRelease'),
  [`GET ${VOLUME}/log`]: reading('readVolumeLog', 'Every decision about a volume, newest first.', 'VolumeLog'),
  [`GET ${VOLUME}/documents/{sha256}`]: {
    id: 'readTreeDocument',
    summary: 'The root of a tree, or a shard, as it is stored.',
    tag: 'volumes',
    replies: {
      200: { description: 'Lines of JSON.', schema: text(), type: 'text/plain', tagged: true },
      304: { description: 'As it was.' },
    },
    errors: [...READ_ERRORS, 413],
  },

  [`POST ${VOLUME}/stage`]: calling(
    'stageRelease',
    'Says which tree is to be stored; before anything of it is.',
    'StageRelease',
    'StagedRelease',
    { errors: SURE_ERRORS },
  ),
  [`POST ${VOLUME}/objects`]: calling(
    'askObjects',
    'Which objects of a staged release are to be put, and by which URLs.',
    'AskObjects',
    'ObjectStandings',
  ),
  [`POST ${RELEASE}/seal`]: calling('sealRelease', 'All is stored: have it checked.', 'Empty', 'AskedRelease', {
    replies: { 200: { description: 'What came of it.', schema: ref('AskedRelease') }, ...asked('AskedRelease') },
  }),
  [`POST ${RELEASE}/abort`]: calling('abortRelease', 'It is not wanted any more.', 'VolumeReason', 'ChangedVolume'),
  [`POST ${VOLUME}/lease`]: calling('leaseVolume', 'The right to publish, for ten minutes.', 'LeaseVolume', 'VolumeLease'),
  [`POST ${VOLUME}/lease/end`]: calling('endVolumeLease', 'Gives the right back.', 'EndVolumeLease', 'ChangedVolume'),

  [`POST ${VOLUME}/release`]: calling('releaseVolume', 'Makes a validated release current.', 'ReleaseVolume', 'MovedVolume'),
  'POST /api/v1/releases': calling(
    'releaseVolumes',
    'Releases several volumes together, or none of them.',
    'ReleaseVolumes',
    'MovedVolumes',
  ),
  [`POST ${VOLUME}/rollback`]: calling(
    'rollBackVolume',
    'Back to an earlier release; holds the volume.',
    'RollBackVolume',
    'MovedVolume',
  ),
  [`POST ${RELEASE}/pin`]: calling('pinRelease', 'Keeps a release until it is unpinned.', 'Empty', 'ChangedVolume'),
  [`POST ${RELEASE}/unpin`]: calling('unpinRelease', 'Keeps it no longer than others.', 'Empty', 'ChangedVolume'),
  [`POST ${VOLUME}/hold`]: calling('holdVolume', 'Nothing new is released.', 'VolumeReason', 'ChangedVolume', {
    errors: SURE_ERRORS,
  }),
  [`POST ${VOLUME}/resume`]: calling('resumeVolume', 'Ends a hold.', 'Empty', 'ChangedVolume', { errors: SURE_ERRORS }),
  [`POST ${VOLUME}/update`]: calling('updateVolume', 'Copies what changed upstream, now.', 'Empty', 'AskedUpdate', {
    replies: asked('AskedUpdate'),
  }),

  'GET /api/v1/garbage': reading('readGarbage', 'How the last sweep of objects went.', 'LastSweep', {
    tag: 'garbage',
    errors: LIST_ERRORS,
  }),
  'POST /api/v1/garbage/runs': calling(
    'runSweep',
    'Sweeps objects that nobody needs; for administrators.',
    'RunSweep',
    'AskedSweep',
    {
      tag: 'garbage',
      replies: asked('AskedSweep'),
      errors: [400, 401, 403, 413, 503],
    },
  ),
};

/** Of the endpoints above that have any. */
export const VOLUME_QUERIES: Readonly<Record<string, readonly string[]>> = {
  [`GET ${VOLUME}/log`]: ['limit', 'before'],
  'GET /api/v1/garbage': ['mode'],
};
