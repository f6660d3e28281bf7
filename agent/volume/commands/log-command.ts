import type { VolumeEventReply } from '#wire/volume/volume-replies.ts';
import type { Command } from '../../cli/command.ts';
import { tableLines } from '../../cli/table.ts';
import { shortRoot } from '../release-names.ts';
import { type VolumeWorld, volumeCommand } from '../volume-command.ts';
import { oneVolume, wholeNumber } from './volume-options.ts';

const ENTRIES = 20;
const MOST_ENTRIES = 500;

const row = ({ version, atMs, operation, release, by, reason, before }: VolumeEventReply): readonly string[] => [
  String(version),
  new Date(atMs).toISOString().slice(0, 19).concat('Z'),
  operation,
  shortRoot(release),
  by,
  [before === undefined ? '' : `before: ${shortRoot(before)}`, reason ?? ''].filter((text) => text !== '').join('; '),
];

/** `mirrortide log VOLUME`. */
export const logCommand = (world: VolumeWorld): Command =>
  volumeCommand(world, {
    summary: 'Shows what was done to a volume, by whom and why, newest first',
    operands: 'VOLUME',
    options: { limit: { type: 'string', help: `NUMBER  of entries at most; ${ENTRIES}` } },
    run: async ({ service, options, operands }) => {
      const volume = oneVolume(operands);
      const entries = await service.log(volume, wholeNumber(options, 'limit', 1, MOST_ENTRIES) ?? ENTRIES);
      const rows = [['', 'when', 'what', 'release', 'by', ''], ...entries.map(row)];
      return {
        lines: entries.length === 0 ? [`nothing was done to ${volume} yet`] : tableLines(rows),
        data: { volume, entries },
      };
    },
  });
