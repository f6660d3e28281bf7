import { byteText } from '#domain/byte-text.ts';
import type { VolumeReply } from '#wire/volume/volume-replies.ts';
import { type Command, UsageProblem } from '../../cli/command.ts';
import { DAY_MS, durationOption } from '../../cli/duration-option.ts';
import { tableLines } from '../../cli/table.ts';
import { durationText } from '../../report/progress.ts';
import { shortRoot } from '../release-names.ts';
import { type VolumeEnd, type VolumeRun, type VolumeWorld, volumeCommand } from '../volume-command.ts';

const MOST_STALE_MS = 366 * DAY_MS;
const SECOND_MS = 1_000;

/** When it was last known to be as it should: released, or compared with its upstream. */
const freshMs = ({ movedMs, update }: VolumeReply): number | undefined =>
  movedMs === undefined && update?.checkedMs === undefined ? undefined : Math.max(movedMs ?? 0, update?.checkedMs ?? 0);

const isStale = (volume: VolumeReply, staleMs: number | undefined, nowMs: number): boolean =>
  staleMs !== undefined && nowMs - (freshMs(volume) ?? 0) > staleMs;

const ago = (atMs: number | undefined, nowMs: number): string =>
  atMs === undefined ? 'never' : `${durationText((nowMs - atMs) / SECOND_MS)} ago`;

const remarks = ({ hold, lease, update }: VolumeReply, isOld: boolean, nowMs: number): string =>
  [
    isOld ? 'STALE' : '',
    hold === undefined ? '' : `held by ${hold.by}: ${hold.reason}`,
    lease === undefined || lease.untilMs <= nowMs ? '' : `${lease.by} is publishing`,
    update?.problem === undefined ? '' : `upstream: ${update.problem}`,
  ]
    .filter((text) => text !== '')
    .join('; ');

const status = async ({ service, options, operands, nowMs }: VolumeRun): Promise<VolumeEnd> => {
  const [id, ...rest] = operands;
  if (rest.length > 0) throw new UsageProblem('needs one volume, or none for all');
  const staleMs = durationOption(options, 'stale', MOST_STALE_MS);
  const now = nowMs();
  const volumes = id === undefined ? await service.volumes() : [await service.volume(id)];
  const stale = volumes.filter((volume) => isStale(volume, staleMs, now));
  const rows = volumes.map((volume) => {
    const { current, currentRelease: release } = volume;
    return [
      volume.volume,
      volume.type,
      `/${volume.mount}`,
      release === undefined ? '-' : String(release.sequence),
      shortRoot(current),
      release === undefined ? '-' : `${release.files} files`,
      release === undefined ? '-' : byteText(release.bytes),
      ago(volume.movedMs, now),
      volume.upstream === undefined ? '-' : ago(volume.update?.checkedMs, now),
      remarks(volume, stale.includes(volume), now),
    ];
  });
  const head = ['volume', 'type', 'mount', 'release', 'root', '', '', 'moved', 'checked', ''];
  return {
    kind: stale.length > 0 ? 'differs' : 'done',
    lines: volumes.length === 0 ? ['the network declares no volumes'] : tableLines([head, ...rows]),
    data: { volumes, ...(staleMs !== undefined && { stale: stale.map(({ volume }) => volume) }) },
  };
};

/** `mirrortide status [VOLUME]`. */
export const statusCommand = (world: VolumeWorld): Command =>
  volumeCommand(world, {
    summary: 'Shows where volumes stand: what is current, since when, and what holds it up',
    details: ['With --stale it ends with 7 when a volume was neither moved nor compared with its upstream for so long.'],
    operands: '[VOLUME]',
    options: { stale: { type: 'string', help: 'TIME  such as 26h or 3d' } },
    run: status,
  });
