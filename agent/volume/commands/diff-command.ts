import { byteText } from '#domain/byte-text.ts';
import { sameContent, type TreeChange } from '#domain/volume/diff-trees.ts';
import { parseRoot, parseShard, type TreeRoot } from '#wire/tree/tree-document.ts';
import { type Command, UsageProblem } from '../../cli/command.ts';
import { RELEASE_NAMES, releaseNamed } from '../release-names.ts';
import type { VolumeService } from '../service/volume-service.ts';
import { differingShards, type TreeSide, treeChanges } from '../trees/tree-changes.ts';
import { type VolumeEnd, type VolumeRun, type VolumeWorld, volumeCommand } from '../volume-command.ts';

const lineOf = (change: TreeChange): string => {
  if (change.kind === 'added') return `+ ${change.path} (${byteText(change.after.sizeBytes)})`;
  if (change.kind === 'removed') return `- ${change.path}`;
  const { before, after, path } = change;
  if (sameContent(before, { ...after, mode: before.mode })) return `~ ${path} (now ${after.mode})`;
  return `~ ${path} (${byteText(before.sizeBytes)} -> ${byteText(after.sizeBytes)})`;
};

const bytesOf = (change: TreeChange): number => {
  const [before, after] = [
    change.kind === 'added' ? undefined : change.before,
    change.kind === 'removed' ? undefined : change.after,
  ];
  return (after?.sizeBytes ?? 0) - (before?.sizeBytes ?? 0);
};

/** What an earlier release is, and where the documents of its tree are. */
const treeNamed = async (service: VolumeService, volume: string, name: string) => {
  const { release, sequence } = await releaseNamed(service, volume, name);
  return { release, sequence, root: parseRoot(await service.document(volume, release)) };
};

const sideOf = (service: VolumeService, volume: string, shards: TreeRoot['shards']): TreeSide => ({
  shards,
  read: async ({ sha256 }) => parseShard(await service.document(volume, sha256)),
});

const diff = async ({ service, options, operands, print }: VolumeRun): Promise<VolumeEnd> => {
  const [volume, from, to = 'current', ...rest] = operands;
  if (volume === undefined || from === undefined || rest.length > 0)
    throw new UsageProblem('needs a volume and one or two of its releases');
  const [one, other] = [await treeNamed(service, volume, from), await treeNamed(service, volume, to)];
  const { before, after } = differingShards(one.root, other.root);
  const counts = { added: 0, changed: 0, removed: 0, bytes: 0 };
  for await (const change of treeChanges(sideOf(service, volume, before), sideOf(service, volume, after))) {
    counts[change.kind] += 1;
    counts.bytes += bytesOf(change);
    if (options['summary'] !== true) print(lineOf(change), { ...change });
  }
  const { added, changed, removed, bytes } = counts;
  const grown = `${bytes < 0 ? '-' : '+'}${byteText(Math.abs(bytes))}`;
  return {
    lines: [`${one.sequence} -> ${other.sequence}: ${added} added, ${changed} changed, ${removed} removed, ${grown}`],
    data: { volume, from: one.release, to: other.release, ...counts },
  };
};

/** `mirrortide diff VOLUME A [B]`. */
export const diffCommand = (world: VolumeWorld): Command =>
  volumeCommand(world, {
    summary: 'Shows what changed from one release of a volume to another, path by path',
    details: [
      `A and B are each ${RELEASE_NAMES}; without B it is current. With --json`,
      'every change is a line, and the last line has the numbers.',
    ],
    operands: 'VOLUME A [B]',
    options: { summary: { type: 'boolean', help: 'only the numbers' } },
    run: diff,
  });
