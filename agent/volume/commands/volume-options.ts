import type { Sha256 } from '#domain/volume/tree.ts';
import { type OptionSpec, type OptionValues, textOption, UsageProblem } from '../../cli/command.ts';
import { releaseNamed } from '../release-names.ts';
import type { VolumeService } from '../service/volume-service.ts';

export const EXPECT_OPTION: OptionSpec = { type: 'string', help: 'ROOT  only if this is current; none: only if nothing is' };
export const REASON_OPTION: OptionSpec = { type: 'string', help: 'TEXT  for the log, and for whoever is held up by it' };

/** What --expect names; null for nothing. */
export const expectedOf = async (
  options: OptionValues,
  service: Pick<VolumeService, 'release' | 'releases'>,
  volume: string,
): Promise<Sha256 | null | undefined> => {
  const said = textOption(options, 'expect');
  if (said === undefined) return undefined;
  return said === 'none' ? null : (await releaseNamed(service, volume, said)).release;
};

export const wholeNumber = (options: OptionValues, name: string, least: number, most: number): number | undefined => {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!/^\d{1,15}$/.test(text) || number < least || number > most)
    throw new UsageProblem(`--${name} ${text}: must be a whole number from ${least} to ${most}`);
  return number;
};

export const reasonOption = (options: OptionValues): string => {
  const reason = textOption(options, 'reason')?.trim() ?? '';
  if (reason === '') throw new UsageProblem('--reason is needed: others will want to know');
  return reason;
};

/** The one operand of commands that are about one volume. */
export const oneVolume = (operands: readonly string[]): string => {
  const [volume, ...rest] = operands;
  if (volume === undefined || rest.length > 0) throw new UsageProblem('needs one volume');
  return volume;
};
