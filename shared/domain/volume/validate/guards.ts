/**
 * Limits that hold for every volume, whatever is in it. The accident they are for is an upstream or a build that was emptied or
 * truncated and is then copied faithfully; the other one is a volume that grows until somebody pays for it. Shrinking is counted in
 * files and in bytes, of what remains and not of what was deleted: an index whose files are named by their hashes replaces most of a
 * small repository every time. Nothing shrinks or grows in the first release of a volume.
 */
import type { ReleaseProblem } from '../release.ts';
import type { Volume } from '../volume.ts';

export interface TreeTotals {
  readonly files: number;
  readonly bytes: number;
}

export type GuardLimits = Pick<Volume, 'quotaBytes' | 'maximumShrinkShare' | 'maximumGrowthShare'>;

export function guardProblems(limits: GuardLimits, before: TreeTotals | undefined, next: TreeTotals): readonly ReleaseProblem[] {
  if (next.files === 0) return [whole('has no files')];
  return [...quotaProblems(limits, next), ...(before === undefined ? [] : changeProblems(limits, before, next))];
}

const whole = (message: string): ReleaseProblem => ({ path: '', message });

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

export function quotaProblems({ quotaBytes }: GuardLimits, { bytes }: TreeTotals): readonly ReleaseProblem[] {
  return quotaBytes !== undefined && bytes > quotaBytes ? [whole(`has ${bytes} bytes; the quota is ${quotaBytes}`)] : [];
}

function changeProblems(limits: GuardLimits, before: TreeTotals, next: TreeTotals): readonly ReleaseProblem[] {
  const problems: ReleaseProblem[] = [];
  for (const unit of ['files', 'bytes'] as const) {
    if (next[unit] < before[unit] * (1 - limits.maximumShrinkShare)) {
      const allowed = percent(limits.maximumShrinkShare);
      problems.push(whole(`shrinks from ${before[unit]} ${unit} to ${next[unit]}; ${allowed} less is allowed`));
    }
  }
  const growth = limits.maximumGrowthShare;
  if (growth !== undefined && next.bytes > before.bytes * (1 + growth))
    problems.push(whole(`grows from ${before.bytes} bytes to ${next.bytes}; ${percent(growth)} more is allowed`));
  return problems;
}
