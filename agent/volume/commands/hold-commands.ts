import { type Command, UsageProblem } from '../../cli/command.ts';
import { RELEASE_NAMES, releaseNamed } from '../release-names.ts';
import { type VolumeEnd, type VolumeRun, type VolumeWorld, volumeCommand } from '../volume-command.ts';
import { oneVolume, REASON_OPTION, reasonOption } from './volume-options.ts';

/** `mirrortide hold VOLUME`. */
export const holdCommand = (world: VolumeWorld): Command =>
  volumeCommand(world, {
    summary: 'Lets nothing be released to a volume, until somebody resumes it',
    operands: 'VOLUME',
    options: { reason: REASON_OPTION },
    run: async ({ service, options, operands }) => {
      const [volume, reason] = [oneVolume(operands), reasonOption(options)];
      const { pointer } = await service.change(volume, 'hold', { reason }, 'pointer');
      return {
        lines: [`${volume} is held; current stays ${pointer.current ?? 'nothing'}`, `to end that: mirrortide resume ${volume}`],
        data: { volume, hold: pointer.hold, current: pointer.current ?? null },
      };
    },
  });

/** `mirrortide resume VOLUME`. */
export const resumeCommand = (world: VolumeWorld): Command =>
  volumeCommand(world, {
    summary: 'Ends the hold of a volume',
    operands: 'VOLUME',
    run: async ({ service, operands }) => {
      const volume = oneVolume(operands);
      const { pointer } = await service.change(volume, 'resume', {}, 'pointer');
      return {
        lines: [`${volume} takes releases again; current is ${pointer.current ?? 'nothing'}`],
        data: { volume, current: pointer.current ?? null },
      };
    },
  });

const pin = async ({ service, operands }: VolumeRun, verb: 'pin' | 'unpin'): Promise<VolumeEnd> => {
  const [volume, name, ...rest] = operands;
  if (volume === undefined || name === undefined || rest.length > 0) throw new UsageProblem('needs a volume and a release');
  const { release } = await releaseNamed(service, volume, name);
  const { release: changed } = await service.change(volume, `releases/${release}/${verb}`, {}, 'changed');
  const said = verb === 'pin' ? 'stays until it is unpinned' : 'stays no longer than others';
  return {
    lines: [`${volume}: release ${changed.sequence} (${release}) ${said}`],
    data: { volume, release, sequence: changed.sequence, pinned: changed.pinned },
  };
};

const pinSpec = (verb: 'pin' | 'unpin', summary: string) => ({
  summary,
  details: [`RELEASE is ${RELEASE_NAMES}.`],
  operands: 'VOLUME RELEASE',
  run: (run: VolumeRun) => pin(run, verb),
});

/** `mirrortide pin VOLUME RELEASE`. */
export const pinCommand = (world: VolumeWorld): Command =>
  volumeCommand(world, pinSpec('pin', 'Keeps a release of a volume, whatever its age'));

/** `mirrortide unpin VOLUME RELEASE`. */
export const unpinCommand = (world: VolumeWorld): Command =>
  volumeCommand(world, pinSpec('unpin', 'Keeps a release of a volume no longer than others'));
