import { allEnded } from '#domain/all-ended.ts';
import { type ObjectStanding, objectStanding } from '#domain/volume/garbage.ts';
import type { Sha256 } from '#domain/volume/tree.ts';
import type { Upload, UploadWish } from '#ports/volume-uploads.ts';
import { type HttpReply, jsonReply } from '#wire/api/http-call.ts';
import { invalid, refused } from './replies.ts';
import type { VolumeRequest } from './volumes-deps.ts';

export interface AskedObjects {
  readonly root: Sha256;
  readonly objects: readonly UploadWish[];
  readonly look: boolean;
}

interface AnsweredObject {
  readonly sha256: Sha256;
  readonly standing: ObjectStanding;
  readonly upload: Upload | undefined;
}

/** How long a URL is good for. Only the beginning of the upload counts. */
const UPLOAD_MS = 3_600_000;
const LOOKS_AT_ONCE = 50;

const storedSizes = async (
  { deps }: VolumeRequest,
  { objects, look }: AskedObjects,
): Promise<readonly (number | undefined)[]> => {
  if (!look) return objects.map(() => undefined);
  return allEnded(objects, ({ sha256 }) => deps.objects.sizeBytes(sha256), LOOKS_AT_ONCE);
};

/**
 * Which objects of a release that was staged are to be put, and by which URLs. Dooms are asked about before the objects: one that
 * is not doomed after its release was staged stays, so what is found then is found for good. The other way round, a sweeper that
 * began before the staging could remove what was found and lift its doom before anybody asks.
 */
export const askObjects = async (request: VolumeRequest, asked: AskedObjects): Promise<HttpReply> => {
  const { deps, volume } = request;
  const release = await deps.volumes.release(volume.id, asked.root);
  if (release === undefined) return refused({ kind: 'unknown-release' });
  if (release.state !== 'STAGING') return refused({ kind: 'wrong-state', state: release.state });
  const doomed = await deps.dooms.doomed(asked.objects.map(({ sha256 }) => sha256));
  const sizes = await storedSizes(request, asked);
  const problems = asked.objects.flatMap(({ sizeBytes }, at) => {
    const stored = sizes[at];
    const message = `the object that is there has ${stored} bytes`;
    return stored === undefined || stored === sizeBytes ? [] : [{ path: `objects.${at}.sizeBytes`, message }];
  });
  if (problems.length > 0) return invalid(problems);
  const nowMs = deps.clock.now();
  const expiresMs = nowMs + UPLOAD_MS;
  const answer = async (wish: UploadWish, at: number): Promise<AnsweredObject> => {
    const standing = objectStanding(sizes[at] !== undefined, doomed.has(wish.sha256));
    const upload = standing === 'missing' ? await deps.uploads.upload(wish, nowMs, expiresMs) : undefined;
    return { sha256: wish.sha256, standing, upload };
  };
  return jsonReply(200, { objects: await Promise.all(asked.objects.map(answer)), expiresMs });
};
