import { byteText } from '#domain/byte-text.ts';
import { HASH_PREFIXES } from '#domain/volume/garbage.ts';
import type { SweepReply } from '#wire/volume/volume-replies.ts';
import { type Command, type CommandFamily, UsageProblem } from '../../cli/command.ts';
import type { SweepMode } from '../service/volume-service.ts';
import { type VolumeEnd, type VolumeRun, type VolumeWorld, volumeCommand } from '../volume-command.ts';
import { VolumeProblem } from '../volume-exit.ts';

const PAUSE_MS = 2_000;
/** A sweep goes on in later runs of its function, each of which may take a quarter of an hour. */
const MOST_MS = 7_200_000;

const summary = ({ mode, expired, looked, removed, spared, bytes }: SweepReply): string =>
  mode === 'planned'
    ? `would end ${expired} releases and remove ${removed} of ${looked} objects, ${byteText(bytes)}; nothing was changed`
    : `ended ${expired} releases and removed ${removed} of ${looked} objects, ${byteText(bytes)}; ${spared} are needed after all`;

const endOf = (sweep: SweepReply): VolumeEnd => {
  if (sweep.problem !== undefined) throw new VolumeProblem('unavailable', `the sweep stopped: ${sweep.problem}`, { ...sweep });
  return { lines: [summary(sweep)], data: { ...sweep } };
};

const sweep = async ({ service, operands, waiting, nowMs, report }: VolumeRun, mode: SweepMode): Promise<VolumeEnd> => {
  if (operands.length > 0) throw new UsageProblem('takes no operands: it is about all volumes');
  const run = await service.sweep(mode);
  const sinceMs = nowMs();
  for (;;) {
    const last = await service.lastSweep(mode);
    if (last?.run === run && last.endedMs !== undefined) return endOf(last);
    if (nowMs() - sinceMs > MOST_MS)
      throw new VolumeProblem('unavailable', `the sweep ${run} goes on, and nobody waits for it here any more`, { run });
    if (last?.run === run) report.progress('sweeping', last.prefixes, HASH_PREFIXES.length, 'parts');
    await waiting.sleep(PAUSE_MS);
  }
};

const command = (world: VolumeWorld, mode: SweepMode, text: string): Command =>
  volumeCommand(world, { summary: text, operands: '', run: (run) => sweep(run, mode) });

/** `mirrortide gc plan` and `mirrortide gc run`, for administrators of the network. */
export const gcFamily = (world: VolumeWorld): CommandFamily => ({
  summary: 'Ends old releases, and removes what no release needs',
  commands: {
    plan: command(world, 'planned', 'Says what a sweep would remove, and changes nothing'),
    run: command(world, 'done', 'Sweeps now, instead of at the next time'),
  },
});
