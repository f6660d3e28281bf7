import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printProblems } from '#wire/network-file/read-network-file.ts';
import { loadNetworkFile } from '../agent/network/load-network-file.ts';
import { applyOnce } from './applied-network.ts';
import { claimFolder } from './claim-folder.ts';
import type { Network } from './network.ts';
import type { StartOptions } from './options.ts';
import { fullCycle } from './runtime/full-cycle.ts';
import { type LocalSystem, startLocalSystem } from './runtime/local-system.ts';
import { type SampleNetwork, startSampleNetwork } from './sample/sample-network.ts';
import { atSamplePace } from './sample/sample-pace.ts';
import { serveNetwork } from './serve-network.ts';
import { StartProblem } from './start-problem.ts';
import { printNetwork } from './terminal/print-network.ts';
import { progress } from './terminal/progress.ts';

async function loadNetwork(file: string, sample: SampleNetwork | undefined): Promise<Network> {
  const loaded = await loadNetworkFile(file);
  if (loaded.kind === 'invalid')
    throw new StartProblem(`${file} is not a valid network file\n${printProblems(file, loaded.problems)}`);
  const inventory = sample === undefined ? loaded.inventory : atSamplePace(loaded.inventory);
  return { inventory, localClient: loaded.localClient, sample };
}

interface Folder {
  readonly path: string;
  readonly keep: boolean;
}

async function openFolder(data: string | undefined): Promise<Folder> {
  if (data === undefined) return { path: await mkdtemp(join(tmpdir(), 'mirrortide-')), keep: false };
  try {
    await mkdir(data, { recursive: true });
  } catch (error) {
    throw new StartProblem(
      `the data directory ${data} cannot be made: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return { path: data, keep: true };
}

/** Starts everything and keeps it running until the signal fires, or, with `once`, until one cycle is done; returns the exit code. */
export async function startMirrortide(options: StartOptions, signal: AbortSignal): Promise<number> {
  const folder = await openFolder(options.data);
  const giveBack = await claimFolder(folder.path);
  let sample: SampleNetwork | undefined;
  try {
    if (options.network === undefined) sample = await startSampleNetwork(join(folder.path, 'sample'));
    const network = await loadNetwork(options.network ?? sample?.networkFile ?? '', sample);
    return await runNetwork(options, folder, network, signal);
  } finally {
    await sample?.stop();
    await giveBack();
    if (!folder.keep) await rm(folder.path, { recursive: true, force: true });
  }
}

async function runNetwork(options: StartOptions, folder: Folder, network: Network, signal: AbortSignal): Promise<number> {
  const out = options.json ? process.stderr : process.stdout;
  const show = progress(out);
  const report = (doing: string, error: unknown): void => {
    if (!signal.aborted) show.line(`! ${doing} failed: ${error instanceof Error ? error.message : String(error)}`);
  };
  show.show('starting');
  const system = await startLocalSystem({ folder: folder.path, keep: folder.keep, onFault: report });
  try {
    await applyOnce(folder.path, network.inventory, () => system.applyInventory(network.inventory));
    if (options.once) return await runOnce(options, folder, system, network, signal);
    return await serveNetwork({ options, folder: folder.path, system, network, signal, show, report });
  } finally {
    show.end();
    await system.stop();
  }
}

/** One full cycle, the table, and the snapshot as a file; 0 only when all went well. */
async function runOnce(
  options: StartOptions,
  folder: Folder,
  system: LocalSystem,
  { inventory }: Network,
  signal: AbortSignal,
): Promise<number> {
  const show = progress(options.json ? process.stderr : process.stdout);
  const categories = inventory.categories.map(({ id }) => id);
  const { problems } = await fullCycle(system, categories, signal, ({ text }) => show.show(text));
  show.end();
  if (signal.aborted) return 130;
  const published = await system.published();
  if (published === undefined) {
    for (const problem of problems) process.stderr.write(`mirrortide: ${problem}\n`);
    throw new StartProblem('nothing was published');
  }
  await printNetwork(system, options.json);
  const file = join(
    folder.keep ? folder.path : (process.env['MIRRORTIDE_CWD'] ?? process.cwd()),
    `snapshot-${published.pointer.name}`,
  );
  await writeFile(file, published.bytes);
  process.stderr.write(`snapshot ${published.pointer.sequence}: ${file} (${published.bytes.byteLength} bytes)\n`);
  for (const problem of problems) process.stderr.write(`mirrortide: ${problem}\n`);
  return problems.length === 0 ? 0 : 1;
}
