import { beforeAll, describe, expect, test } from 'vitest';
import { VOLUME_PERMISSIONS, type VolumeGrant, type VolumeOperation } from '#domain/access/volume-permissions.ts';
import { ROUTES } from '../../../functions/volumes-api/routes.ts';
import { useEmulators } from '../../support/emulators.ts';
import { hashOf } from '../../support/tree-arbitrary.ts';
import { PEOPLE, type Person, type VolumesSetup, volumesSetup } from '../../support/volumes-setup.ts';

const emulators = useEmulators();
const ROOT = hashOf('root');
const REASON = { reason: 'why' };

/** Every request of the API, the operation that it is, and a body that it takes. */
const REQUESTS: Readonly<Record<string, readonly [VolumeOperation, ((volume: string) => unknown)?]>> = {
  'GET /api/v1/volumes': ['volume.read'],
  'GET /api/v1/volumes/{volume}': ['volume.read'],
  'GET /api/v1/volumes/{volume}/releases': ['volume.read'],
  'GET /api/v1/volumes/{volume}/releases/{release}': ['volume.read'],
  'GET /api/v1/volumes/{volume}/log': ['volume.read'],
  'GET /api/v1/volumes/{volume}/documents/{sha256}': ['volume.read'],
  'POST /api/v1/volumes/{volume}/stage': ['release.stage', () => ({ root: ROOT, files: 1, bytes: 1 })],
  'POST /api/v1/volumes/{volume}/objects': [
    'release.upload',
    () => ({ root: ROOT, objects: [{ sha256: ROOT, sizeBytes: 1 }], look: true }),
  ],
  'POST /api/v1/volumes/{volume}/releases/{release}/seal': ['release.seal', () => ({})],
  'POST /api/v1/volumes/{volume}/releases/{release}/abort': ['release.abort', () => REASON],
  'POST /api/v1/volumes/{volume}/lease': ['volume.lease', () => ({})],
  'POST /api/v1/volumes/{volume}/lease/end': ['volume.lease', () => ({ fence: 1 })],
  'POST /api/v1/volumes/{volume}/release': ['release.commit', () => ({ release: ROOT })],
  'POST /api/v1/releases': ['release.commit', (volume) => ({ releases: [{ volume, release: ROOT }] })],
  'POST /api/v1/volumes/{volume}/rollback': ['release.roll-back', () => REASON],
  'POST /api/v1/volumes/{volume}/releases/{release}/pin': ['release.pin', () => ({})],
  'POST /api/v1/volumes/{volume}/releases/{release}/unpin': ['release.pin', () => ({})],
  'POST /api/v1/volumes/{volume}/hold': ['volume.hold', () => REASON],
  'POST /api/v1/volumes/{volume}/resume': ['volume.resume', () => ({})],
  'POST /api/v1/volumes/{volume}/update': ['volume.update', () => ({})],
  'GET /api/v1/garbage': ['garbage.read'],
  'POST /api/v1/garbage/runs': ['garbage.run', () => ({ mode: 'planned' })],
};

/** Who has which role of `tools`; of `theirs`, dan has all; of `closed`, nobody has any. */
const ROLES: Readonly<Partial<Record<Person, VolumeGrant>>> = {
  ann: 'publisher',
  robot: 'publisher',
  bob: 'releaser',
  eve: 'operator',
};

const may = (who: Person, grant: VolumeGrant, volume: string): boolean => {
  if (who === 'wendy' || grant === 'anybody') return true;
  if (grant === 'administrator') return false;
  return (volume === 'tools' && ROLES[who] === grant) || (volume === 'theirs' && who === 'dan');
};

test('every request is one of these, and every operation is asked for', () => {
  const served = ROUTES.flatMap(({ path, methods }) => Object.keys(methods).map((method) => `${method} ${path}`));
  expect(Object.keys(REQUESTS).toSorted()).toEqual(served.toSorted());
  const operations = Object.values(REQUESTS).map(([operation]) => operation);
  expect([...new Set(operations)].toSorted()).toEqual(Object.keys(VOLUME_PERMISSIONS).toSorted());
});

describe.each(['tools', 'theirs', 'closed'])('with the volume %s', (volume) => {
  let setup: VolumesSetup;
  beforeAll(async () => {
    setup = await volumesSetup(emulators);
    await setup.ask('wendy', 'POST', `/volumes/${volume}/stage`, { root: ROOT, files: 1, bytes: 1 });
  });

  const ask = async (who: Person, request: string): Promise<number> => {
    const [method = '', path = ''] = request.split(' ');
    const concrete = path
      .replace('/api/v1', '')
      .replace('{volume}', volume)
      .replace(/\{\w+\}/, ROOT);
    return (await setup.ask(who, method, concrete, REQUESTS[request]?.[1]?.(volume))).statusCode;
  };

  const pairs = PEOPLE.flatMap((who) => Object.entries(REQUESTS).map(([request, [operation]]) => ({ who, request, operation })));
  const isAllowed = ({ who, operation }: (typeof pairs)[number]) => may(who, VOLUME_PERMISSIONS[operation], volume);

  test('whoever may not is told so, and nothing happens', async () => {
    const before = await setup.contents();
    const refused = pairs.filter((pair) => pair.who === 'nobody' || !isAllowed(pair));
    expect(refused.length).toBeGreaterThan(50);
    for (const { who, request } of refused)
      expect([who, request, await ask(who, request)]).toEqual([who, request, who === 'nobody' ? 401 : 403]);
    expect(await setup.contents()).toBe(before);
    expect(setup.queued).toEqual([]);
  });

  test('whoever may is answered', async () => {
    const allowed = pairs.filter((pair) => pair.who !== 'nobody' && isAllowed(pair));
    expect(allowed.length).toBeGreaterThan(50);
    for (const { who, request } of allowed) expect([200, 202, 404, 409]).toContain(await ask(who, request));
    expect(setup.logged).toEqual([]);
  });
});

test('several volumes are released by who may release each of them', async () => {
  const setup = await volumesSetup(emulators);
  const releases = ['tools', 'theirs'].map((volume) => ({ volume, release: ROOT }));
  for (const [who, status] of [
    ['bob', 403],
    ['dan', 403],
    ['wendy', 409],
  ] as const) {
    expect((await setup.ask(who, 'POST', '/releases', { releases })).statusCode).toBe(status);
  }
});
