import { isSha256, type Sha256 } from '#domain/volume/tree.ts';
import type { ReleaseReply } from '#wire/volume/volume-replies.ts';
import { UsageProblem } from '../cli/command.ts';
import type { VolumeService } from './service/volume-service.ts';
import { VolumeProblem } from './volume-exit.ts';

export const RELEASE_NAMES = 'a root, 8 or more of its first digits, a number, current or previous';

const SEQUENCE = /^[1-9]\d{0,6}$/;
const PREFIX = /^[0-9a-f]{8,63}$/;

/** Enough of a root to tell releases apart, and to name one. */
export const shortRoot = (root: Sha256 | undefined): string => root?.slice(0, 12) ?? '-';

/** The release that a person means. Throws VolumeProblem when there is none, or more than one. */
export const releaseNamed = async (
  service: Pick<VolumeService, 'release' | 'releases'>,
  volume: string,
  name: string,
): Promise<ReleaseReply> => {
  if (isSha256(name) || SEQUENCE.test(name) || name === 'current' || name === 'previous') return service.release(volume, name);
  if (!PREFIX.test(name)) throw new UsageProblem(`${name} names no release: that is ${RELEASE_NAMES}`);
  const found = (await service.releases(volume)).filter(({ release }) => release.startsWith(name));
  const [first] = found;
  if (first === undefined)
    throw new VolumeProblem('refused', `no release of ${volume} begins with ${name}`, { refusal: 'unknown-release' });
  if (found.length > 1)
    throw new VolumeProblem('refused', `${found.length} releases of ${volume} begin with ${name}; give more of its digits`, {
      refusal: 'ambiguous-release',
    });
  return first;
};
