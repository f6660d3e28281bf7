import type { ReleaseReply } from '#wire/volume/volume-replies.ts';
import { type Command, UsageProblem } from '../../cli/command.ts';
import { RELEASE_NAMES, releaseNamed } from '../release-names.ts';
import type { NamedRelease, VolumeService } from '../service/volume-service.ts';
import { type VolumeEnd, type VolumeRun, type VolumeWorld, volumeCommand } from '../volume-command.ts';
import { VolumeProblem } from '../volume-exit.ts';
import { goingBack } from './going-back.ts';
import { EXPECT_OPTION, expectedOf, wholeNumber } from './volume-options.ts';

/** The newest one that waits to be released. */
const waitingRelease = async (service: VolumeService, volume: string): Promise<ReleaseReply> => {
  const found = (await service.releases(volume)).find(({ state }) => state === 'VALIDATED');
  if (found !== undefined) return found;
  throw new VolumeProblem('refused', `no release of ${volume} waits to be released`, { refusal: 'unknown-release' });
};

const releaseOne = async (run: VolumeRun, volume: string, name: string | undefined): Promise<VolumeEnd> => {
  const { service, options } = run;
  const { release } = name === undefined ? await waitingRelease(service, volume) : await releaseNamed(service, volume, name);
  const expect = await expectedOf(options, service, volume);
  const fence = wholeNumber(options, 'fence', 1, Number.MAX_SAFE_INTEGER);
  const body = { release, ...(expect !== undefined && { expect }), ...(fence !== undefined && { fence }) };
  const moved = await service.change(volume, 'release', body, 'moved');
  const { outcome, previous } = moved;
  const said = outcome === 'nothing' ? 'is current already' : 'is current now';
  return {
    lines: [`${volume}: release ${moved.release.sequence} (${release}) ${said}`, ...goingBack(volume, previous)],
    data: { result: outcome, volume, release, sequence: moved.release.sequence, previous: previous ?? null },
  };
};

const releaseTogether = async (
  { service, options }: VolumeRun,
  pairs: readonly (readonly [string, string])[],
): Promise<VolumeEnd> => {
  if (options['expect'] !== undefined || options['fence'] !== undefined)
    throw new UsageProblem('--expect and --fence are for one volume at a time');
  const wishes: NamedRelease[] = [];
  for (const [volume, name] of pairs) wishes.push({ volume, release: (await releaseNamed(service, volume, name)).release });
  const moved = await service.releaseTogether(wishes);
  const releases = moved.map(({ volume, release, previous, outcome }) => ({
    result: outcome,
    volume,
    release: release.release,
    sequence: release.sequence,
    previous: previous ?? null,
  }));
  return {
    lines: moved.flatMap(({ volume, release, previous }) => [
      `${volume}: release ${release.sequence} (${release.release}) is current now`,
      ...goingBack(volume, previous),
    ]),
    data: { releases },
  };
};

const release = async (run: VolumeRun): Promise<VolumeEnd> => {
  const [first, second, ...rest] = run.operands;
  if (first === undefined) throw new UsageProblem('needs a volume, or several as VOLUME=RELEASE');
  if (!run.operands.some((operand) => operand.includes('='))) {
    if (rest.length > 0) throw new UsageProblem('needs one volume and one release, or several as VOLUME=RELEASE');
    return releaseOne(run, first, second);
  }
  const pairs = run.operands.map((operand): readonly [string, string] => {
    const at = operand.indexOf('=');
    if (at < 1) throw new UsageProblem(`${operand}: several volumes are given as VOLUME=RELEASE`);
    return [operand.slice(0, at), operand.slice(at + 1)];
  });
  return releaseTogether(run, pairs);
};

/** `mirrortide release VOLUME [RELEASE]`. */
export const releaseCommand = (world: VolumeWorld): Command =>
  volumeCommand(world, {
    summary: 'Makes a checked release current, for everybody at once',
    details: [
      'Without RELEASE it is the newest one that waits to be released. Several volumes, as VOLUME=RELEASE, change together or not',
      `at all. RELEASE is ${RELEASE_NAMES}.`,
    ],
    operands: 'VOLUME [RELEASE] | VOLUME=RELEASE ...',
    options: { expect: EXPECT_OPTION, fence: { type: 'string', help: 'NUMBER  of a lease that you have' } },
    run: release,
  });
