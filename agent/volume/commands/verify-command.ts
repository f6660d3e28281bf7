import { encodePath } from '#domain/answer/url-path.ts';
import { WireError } from '#domain/errors.ts';
import type { TreeEntry } from '#domain/volume/tree.ts';
import { checkedEntries } from '#wire/tree/open-tree.ts';
import type { ReleaseReply } from '#wire/volume/volume-replies.ts';
import { type Command, type OptionValues, textOption, UsageProblem } from '../../cli/command.ts';
import { RELEASE_NAMES, releaseNamed } from '../release-names.ts';
import { taskPool } from '../transfer/task-pool.ts';
import { sha256Hex } from '../trees/document-folder.ts';
import { askPath } from '../verify/ask-path.ts';
import { sampleEntries } from '../verify/sample-entries.ts';
import { type VolumeEnd, type VolumeRun, type VolumeWorld, volumeCommand } from '../volume-command.ts';
import { VolumeProblem } from '../volume-exit.ts';
import { oneVolume, wholeNumber } from './volume-options.ts';

const CONCURRENCY = 8;
const MOST_CONCURRENCY = 64;
const MOST_SAMPLE = 1_000_000;
const MOST_SHOWN = 100;

interface Target {
  readonly volume: string;
  readonly release: ReleaseReply;
  /** Where its files are on a host: `/centos/`, or `/centos@12/` for a release that is named. */
  readonly place: string;
}

const targetOf = async ({ service, operands }: VolumeRun): Promise<Target> => {
  const [volume = '', name] = oneVolume(operands).split('@', 2);
  const { mount } = await service.volume(volume);
  const release = await releaseNamed(service, volume, name ?? 'current');
  return { volume, release, place: encodePath(`/${mount}${name === undefined ? '' : `@${release.sequence}`}/`) };
};

/** Every entry of a tree that parses, and prints to its root. */
async function* entriesOf({ service }: VolumeRun, { volume, release }: Target): AsyncGenerator<TreeEntry> {
  try {
    yield* checkedEntries((sha256) => service.document(volume, sha256), release.release, sha256Hex);
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    throw new VolumeProblem('differs', `the tree of ${release.release} is damaged: ${cause.message}`, {}, { cause });
  }
}

const hostOf = (options: OptionValues): string | undefined => {
  const url = textOption(options, 'url');
  if (url !== undefined && !(/^https?:\/\/[^/?#@]+\/?$/.test(url) && URL.canParse(url)))
    throw new UsageProblem(`--url ${url}: must be the address of a host, such as https://mirror.example.org`);
  if (url === undefined && (options['deep'] === true || options['sample'] !== undefined))
    throw new UsageProblem('--deep and --sample are about a host: --url says which');
  return url?.replace(/\/$/, '');
};

interface Difference {
  readonly path: string;
  readonly message: string;
}

const askHost = async (run: VolumeRun, target: Target, host: string): Promise<VolumeEnd> => {
  const { options, waiting, stop, report } = run;
  const concurrency = wholeNumber(options, 'concurrency', 1, MOST_CONCURRENCY) ?? CONCURRENCY;
  const sample = wholeNumber(options, 'sample', 1, MOST_SAMPLE);
  const all = entriesOf(run, target);
  const entries = sample === undefined ? all : await sampleEntries(all, sample, waiting.random);
  const total = Math.min(sample ?? target.release.files, target.release.files);
  const base = `${host}${target.place}`;
  const asking = { send: run.requests(concurrency), waiting, stop, base, deep: options['deep'] === true };
  const pool = taskPool(concurrency);
  const shown: Difference[] = [];
  const counts = { asked: 0, differing: 0 };
  const ask = async (entry: TreeEntry): Promise<void> => {
    const message = await askPath(asking, entry);
    counts.asked += 1;
    report.progress('asking', counts.asked, total, 'files');
    if (message === undefined) return;
    counts.differing += 1;
    if (shown.length < MOST_SHOWN) shown.push({ path: entry.path, message });
  };
  for await (const entry of entries) await pool.start(() => ask(entry));
  await pool.idle();
  const { asked, differing } = counts;
  const data = { volume: target.volume, release: target.release.release, url: base, ...counts, differences: shown };
  if (differing === 0) return { lines: [`${base}: all ${asked} files are those of release ${target.release.sequence}`], data };
  const lines = shown.map(({ path, message }) => `${path}: ${message}`);
  return { kind: 'differs', lines: [...lines, `${base}: ${differing} of ${asked} files differ`], data };
};

const checkTree = async (run: VolumeRun, target: Target): Promise<VolumeEnd> => {
  const { volume, release } = target;
  let files = 0;
  for await (const _ of entriesOf(run, target)) {
    files += 1;
    run.report.progress('reading', files, release.files, 'files');
  }
  const text = `${volume}: the tree of release ${release.sequence} (${release.release}) is whole: ${files} files`;
  return { lines: [text], data: { volume, release: release.release, sequence: release.sequence, files } };
};

const verify = async (run: VolumeRun): Promise<VolumeEnd> => {
  const host = hostOf(run.options);
  const target = await targetOf(run);
  return host === undefined ? checkTree(run, target) : askHost(run, target, host);
};

/** `mirrortide verify VOLUME[@RELEASE]`. */
export const verifyCommand = (world: VolumeWorld): Command =>
  volumeCommand(world, {
    summary: 'Compares a release with what the service keeps of it, and with what a host serves',
    details: [
      'Without --url the documents of the tree are read and hashed. With it the host is asked for every file: its tag must be the',
      `hash that the release has, and its length too; redirects are followed. RELEASE is ${RELEASE_NAMES};`,
      'without it the current one is asked for below the mount itself, as clients do. Ends with 7 when something differs.',
    ],
    operands: 'VOLUME[@RELEASE]',
    options: {
      url: { type: 'string', help: 'URL  a host that serves volumes: https://mirror.example.org' },
      sample: { type: 'string', help: 'NUMBER  of files to ask for, chosen at random; all' },
      deep: { type: 'boolean', help: 'read the files and hash them' },
      concurrency: { type: 'string', help: `NUMBER  of requests at a time; ${CONCURRENCY}` },
    },
    run: verify,
  });
