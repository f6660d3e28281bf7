import type { StagedTree } from '#domain/volume/decide-release.ts';
import type { VolumeService } from '../service/volume-service.ts';
import { VolumeProblem } from '../volume-exit.ts';
import { endEntry } from './await-verdict.ts';

type Service = Pick<VolumeService, 'objects' | 'stage' | 'log'>;

/** Nobody gave the release up: it waited for its upload for longer than releases wait for anything. */
const isExpired = async (service: Service, volume: string, { root }: StagedTree, error: unknown): Promise<boolean> => {
  if (!(error instanceof VolumeProblem) || error.fields['refusal'] !== 'wrong-state') return false;
  return (await endEntry({ service, volume }, root))?.operation === 'expire';
};

/** Asks about objects of a release that was staged, and stages it again when that was a day ago. */
export const stagedObjects = (service: Service, tree: StagedTree): Pick<VolumeService, 'objects'> => ({
  objects: async (volume, asked) => {
    try {
      return await service.objects(volume, asked);
    } catch (error) {
      if (!(await isExpired(service, volume, tree, error))) throw error;
      await service.stage(volume, tree);
      return service.objects(volume, { ...asked, look: true });
    }
  },
});
