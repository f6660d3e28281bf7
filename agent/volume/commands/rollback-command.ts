import { type Command, textOption } from '../../cli/command.ts';
import { RELEASE_NAMES, releaseNamed } from '../release-names.ts';
import { type VolumeEnd, type VolumeRun, type VolumeWorld, volumeCommand } from '../volume-command.ts';
import { goingBack } from './going-back.ts';
import { oneVolume, REASON_OPTION, reasonOption } from './volume-options.ts';

const rollBack = async ({ service, options, operands }: VolumeRun): Promise<VolumeEnd> => {
  const [volume, reason] = [oneVolume(operands), reasonOption(options)];
  // By its root, so that a request that is repeated, as its answer was lost, does not go back twice.
  const to = await releaseNamed(service, volume, textOption(options, 'to') ?? 'previous');
  const { release, previous, outcome } = await service.change(volume, 'rollback', { to: to.release, reason }, 'moved');
  const said = outcome === 'nothing' ? 'is current already' : 'is current again';
  return {
    lines: [
      `${volume}: release ${release.sequence} (${release.release}) ${said}, and ${volume} is held`,
      ...goingBack(volume, previous),
      `to let new releases through again: mirrortide resume ${volume}`,
    ],
    data: { result: outcome, volume, release: release.release, sequence: release.sequence, previous: previous ?? null },
  };
};

/** `mirrortide rollback VOLUME`. */
export const rollbackCommand = (world: VolumeWorld): Command =>
  volumeCommand(world, {
    summary: 'Makes an earlier release current again, and holds the volume so that the next run does not undo that',
    details: [
      `Without --to it is the release before; while the hold of a rollback stands, --to is needed. RELEASE is ${RELEASE_NAMES}.`,
    ],
    operands: 'VOLUME',
    options: { to: { type: 'string', help: 'RELEASE  the one to go back to' }, reason: REASON_OPTION },
    run: rollBack,
  });
