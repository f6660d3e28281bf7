import { hasRole } from '#domain/access/volume-permissions.ts';
import { allEnded } from '#domain/all-ended.ts';
import { releaseNamed } from '#domain/content/mounts.ts';
import type { Release } from '#domain/volume/release.ts';
import type { UpstreamCheck } from '#domain/volume/upstream/upstream-check.ts';
import type { Volume } from '#domain/volume/volume.ts';
import { type HttpReply, jsonReply } from '#wire/api/http-call.ts';
import { releaseJson, type ShownVolume, volumeEventJson, volumeJson } from '#wire/volume/volume-json.ts';
import { badRequest, unknownRelease } from './replies.ts';
import type { VolumeRequest, VolumesApiDeps, VolumesRequest } from './volumes-deps.ts';

const VOLUMES_AT_ONCE = 20;
/** A reply ends at 6 MB. */
const MOST_RELEASES = 1_000;
const EVENTS_PER_PAGE = 100;
const MOST_EVENTS = 500;

const shown = async ({ volumes }: VolumesApiDeps, volume: Volume, update: UpstreamCheck | undefined): Promise<ShownVolume> => {
  const pointer = await volumes.pointer(volume.id);
  const current = pointer.current === undefined ? undefined : await volumes.release(volume.id, pointer.current);
  return { volume, pointer, current, update };
};

export const listVolumes = async ({ deps, rules }: VolumesRequest): Promise<HttpReply> => {
  const updates = await deps.upstreams.readAll();
  const all = await allEnded(rules.volumes, (volume) => shown(deps, volume, updates.get(volume.id)), VOLUMES_AT_ONCE);
  return jsonReply(200, { volumes: all.map(volumeJson) });
};

export const readVolume = async ({ deps, volume, member }: VolumeRequest): Promise<HttpReply> => {
  const found = await shown(deps, volume, await deps.upstreams.read(volume.id));
  const roles = {
    publish: hasRole(member, 'publisher', volume),
    release: hasRole(member, 'releaser', volume),
    operate: hasRole(member, 'operator', volume),
  };
  return jsonReply(200, { ...volumeJson(found), roles });
};

/** What is wrong with rejected ones is told with each by itself: it may be long. */
const inList = ({ problems: _, ...release }: Release) => releaseJson(release);

export const listReleases = async ({ deps, volume }: VolumeRequest): Promise<HttpReply> => {
  const releases = await deps.volumes.releases(volume.id);
  return jsonReply(200, { releases: releases.slice(0, MOST_RELEASES).map(inList) });
};

const findRelease = async ({ volumes }: VolumesApiDeps, volume: Volume, name: string): Promise<Release | undefined> => {
  if (name === 'current' || name === 'previous') {
    const { [name]: root } = await volumes.pointer(volume.id);
    return root === undefined ? undefined : await volumes.release(volume.id, root);
  }
  const named = releaseNamed(name);
  if (named?.kind === 'root') return volumes.release(volume.id, named.root);
  if (named?.kind !== 'sequence') return undefined;
  return (await volumes.releases(volume.id)).find(({ sequence }) => sequence === named.sequence);
};

export const readRelease = async ({ deps, volume, params: [, name = ''] }: VolumeRequest): Promise<HttpReply> => {
  const release = await findRelease(deps, volume, name);
  return release === undefined ? unknownRelease() : jsonReply(200, releaseJson(release));
};

/** Undefined for what is no whole number from 1 to the highest. */
const wholeNumber = (text: string, highest: number): number | undefined => {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= highest ? number : undefined;
};

export const readLog = async ({ deps, volume, query }: VolumeRequest): Promise<HttpReply> => {
  const limit = wholeNumber(query['limit'] ?? String(EVENTS_PER_PAGE), MOST_EVENTS);
  const before = query['before'] === undefined ? undefined : wholeNumber(query['before'], Number.MAX_SAFE_INTEGER);
  if (limit === undefined || (query['before'] !== undefined && before === undefined))
    return badRequest(`limit is a whole number, 1 to ${MOST_EVENTS}; before is the version of an entry.`);
  return jsonReply(200, { entries: (await deps.volumes.log(volume.id, limit, before)).map(volumeEventJson) });
};
