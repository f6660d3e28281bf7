import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { byteText } from '#domain/byte-text.ts';
import { type Command, type OptionSpec, UsageProblem } from '../../cli/command.ts';
import { type PublishEnd, publishVolume } from '../publish/publish-volume.ts';
import type { PublishWish } from '../publish/publish-wish.ts';
import type { UploadPlan } from '../publish/upload-plan.ts';
import { keepHeapSmall } from '../small-heap.ts';
import { objectPutter } from '../transfer/put-object.ts';
import type { Sent } from '../transfer/send-objects.ts';
import { type VolumeEnd, type VolumeRun, type VolumeWorld, volumeCommand } from '../volume-command.ts';
import { goingBack } from './going-back.ts';
import { EXPECT_OPTION, expectedOf, wholeNumber } from './volume-options.ts';

const CONCURRENCY = 8;
const MOST_CONCURRENCY = 64;

const OPTIONS: Readonly<Record<string, OptionSpec>> = {
  release: { type: 'boolean', help: 'make it current once it is checked' },
  expect: EXPECT_OPTION,
  'dry-run': { type: 'boolean', help: 'hash and compare, say what would be sent, and change nothing' },
  lease: { type: 'boolean', help: 'take the right to publish for the time it takes' },
  fence: { type: 'string', help: 'NUMBER  of a lease that you have' },
  concurrency: { type: 'string', help: `NUMBER  of uploads at a time; ${CONCURRENCY}` },
  'no-index': { type: 'boolean', help: 'no index for a volume of Python packages' },
  wait: { type: 'boolean', help: 'wait for the check, which is the default' },
  'no-wait': { type: 'boolean', help: 'end once all is stored and the check is under way' },
};

const wishOf = async ({ options, operands, service }: VolumeRun): Promise<PublishWish> => {
  const [volume, source, ...rest] = operands;
  if (volume === undefined || source === undefined || rest.length > 0)
    throw new UsageProblem('needs a volume, and a directory or an archive');
  const is = (name: string): boolean => options[name] === true;
  if (is('no-wait') && is('wait')) throw new UsageProblem('--wait and --no-wait contradict each other');
  if (is('no-wait') && is('release')) throw new UsageProblem('--release waits for the check: leave --no-wait out');
  const fence = wholeNumber(options, 'fence', 1, Number.MAX_SAFE_INTEGER);
  if (fence !== undefined && is('lease')) throw new UsageProblem('--fence is of a lease that you have: leave --lease out');
  return {
    volume,
    source,
    release: is('release'),
    expect: await expectedOf(options, service, volume),
    dryRun: is('dry-run'),
    fence,
    lease: is('lease'),
    concurrency: wholeNumber(options, 'concurrency', 1, MOST_CONCURRENCY) ?? CONCURRENCY,
    index: !is('no-index'),
    wait: !is('no-wait'),
  };
};

const treeText = ({ files, bytes }: PublishEnd): string => `${files} files, ${byteText(bytes)}`;

const planText = ({ added, changed, removed }: UploadPlan): string => `${added} added, ${changed} changed, ${removed} removed`;

const sentText = ({ sent, sentBytes, present }: Sent): string =>
  `sent ${sent} objects, ${byteText(sentBytes)}${present === 0 ? '' : `; ${present} were there already`}`;

const linesOf = (volume: string, end: PublishEnd): readonly string[] => {
  switch (end.result) {
    case 'unchanged':
      return [`unchanged: ${end.root} is current, ${treeText(end)}`];
    case 'planned': {
      const { objects, bytes } = end.plan;
      return [
        `would publish ${end.root}: ${treeText(end)}`,
        planText(end.plan),
        `would send ${objects} objects, ${byteText(bytes)}`,
      ];
    }
    case 'sealed':
      return [
        `sealed: release ${end.release.sequence} (${end.root}), ${treeText(end)}; it is being checked`,
        `${planText(end.plan)}; ${sentText(end.sent)}`,
        `to see how that went: mirrortide status ${volume}`,
      ];
    case 'validated':
      return [
        `validated: release ${end.release.sequence} (${end.root}), ${treeText(end)}; it is not current yet`,
        `${planText(end.plan)}; ${sentText(end.sent)}`,
        `to compare: mirrortide diff ${volume} current ${end.release.sequence}`,
        `to release: mirrortide release ${volume} ${end.root}`,
      ];
    case 'released':
      return [
        `released: release ${end.release.sequence} (${end.root}) is current, ${treeText(end)}`,
        `${planText(end.plan)}; ${sentText(end.sent)}`,
        ...goingBack(volume, end.previous),
      ];
  }
};

const dataOf = (volume: string, end: PublishEnd): VolumeEnd['data'] => {
  const { result, root, files, bytes } = end;
  const whole = { result, volume, release: root, files, bytes };
  if (end.result === 'unchanged') return whole;
  const { added, changed, removed, objects, bytes: toSend } = end.plan;
  const compared = { ...whole, added, changed, removed, objects, objectBytes: toSend };
  if (end.result === 'planned') return compared;
  const data = { ...compared, ...end.sent, sequence: end.release.sequence, state: end.release.state };
  return end.result === 'released' ? { ...data, previous: end.previous ?? null } : data;
};

const publish = async (run: VolumeRun): Promise<VolumeEnd> => {
  keepHeapSmall();
  const wish = await wishOf(run);
  const temporary = mkdtempSync(join(tmpdir(), 'mirrortide-publish-'));
  try {
    const put = objectPutter(run.requests(wish.concurrency), run.stop);
    const end = await publishVolume({ ...run, put, temporary }, wish);
    return { lines: linesOf(wish.volume, end), data: dataOf(wish.volume, end) };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
};

/** `mirrortide publish VOLUME DIR`. */
export const publishCommand = (world: VolumeWorld): Command =>
  volumeCommand(world, {
    summary: 'Publishes a directory or an archive as a release of a volume, whole and checked',
    details: [
      'Hashes everything, sends what the service does not have, and waits until the release is checked. Nothing changes for',
      'clients before it is released: with --release, or later by mirrortide release. What is current already is not published',
      'again. It can be ended at any time and run again; what was sent is not sent again. Archives are tar, tar.gz and tar.zst.',
    ],
    operands: 'VOLUME DIR|TAR',
    options: OPTIONS,
    run: publish,
  });
