// Lists a mirror of 200,000 files with our lister and with rsync itself, alternately: once over the loopback, once through a
// proxy that adds a round trip of 100 ms. Each listing is a fresh process, timed from start to exit.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { startRsyncDaemon } from '../test/support/rsync-daemon.ts';

const ROUND_TRIP_MS = 100;
const FILES_PER_FOLDER = 77;
/** rsync takes some twenty seconds each, nearly all of it waiting, so that runs hardly differ. */
const MAX_DELAYED_RUNS = 3;

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    files: { type: 'string', default: '200000' },
    runs: { type: 'string', default: '5' },
  },
});

/** Kept for the next run: making it takes longer than everything else. */
const makeTree = (files: number): string => {
  const root = join(tmpdir(), `mirrortide-bench-rsync-${files}`);
  const marker = `${root}.complete`;
  if (existsSync(marker)) return root;
  rmSync(root, { recursive: true, force: true });
  for (let made = 0, folder = 0; made < files; folder += 1) {
    const release = `linux/releases/${folder % 40}/Everything/x86_64/os/Packages/${folder.toString(36)}`;
    const path = join(root, release);
    mkdirSync(path, { recursive: true });
    for (let n = 0; n < FILES_PER_FOLDER && made < files; n += 1, made += 1) {
      const name = `package-with-a-usual-name-${made.toString(36)}-${n}.2.fc${folder % 40}.x86_64.rpm`;
      const file = openSync(join(path, name), 'w');
      ftruncateSync(file, (made * 7_919) % 50_000_000);
      closeSync(file);
    }
    if (folder % 13 === 0) symlinkSync('..', join(path, 'latest'));
  }
  writeFileSync(marker, '');
  return root;
};

/** Bytes leave as far behind as they came in: half a round trip per direction, no limit on bandwidth. */
const delayed = (from: Socket, to: Socket): void => {
  from.on('data', (bytes) => setTimeout(() => to.write(bytes), ROUND_TRIP_MS / 2));
  from.on('end', () => setTimeout(() => to.end(), ROUND_TRIP_MS / 2));
  from.on('error', () => to.destroy());
};

const startDelayProxy = async (target: number) => {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const daemon = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    delayed(client, daemon);
    delayed(daemon, client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, stop: () => server.close() };
};

/** As deployed: one bundled file, so that neither type stripping nor module loading counts. */
const bundleClient = async (): Promise<{ client: string; folder: string }> => {
  const folder = mkdtempSync(join(tmpdir(), 'mirrortide-bench-client-'));
  const client = join(folder, 'client.mjs');
  const contents = `
    import { readFileSync } from 'node:fs';
    import { addressGuard } from '#adapters/net/address-guard.ts';
    import { rsyncLister } from '#adapters/net/rsync-lister.ts';
    const lister = rsyncLister({ guard: addressGuard({ allow: ['127.0.0.0/8'] }), allowedPorts: 'any' });
    let bytes = 0;
    let characters = 0;
    const listing = await lister.list(process.argv[2], (entry) => { bytes += entry.sizeBytes; characters += entry.path.length; });
    const peak = /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'));
    console.log(JSON.stringify({ ...listing, bytes, characters, peakRssKiB: Number(peak[1]) }));`;
  await build({
    stdin: { contents, resolveDir: import.meta.dirname, loader: 'ts' },
    outfile: client,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    logLevel: 'error',
  });
  return { client, folder };
};

const timed = async (command: string, argv: string[]): Promise<{ seconds: number; output: string }> => {
  const started = performance.now();
  const child = spawn(command, argv, { stdio: ['ignore', command === 'rsync' ? 'ignore' : 'pipe', 'inherit'] });
  let output = '';
  child.stdout?.on('data', (bytes) => {
    output += bytes;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ended with ${code}`);
  return { seconds: (performance.now() - started) / 1_000, output };
};

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const measure = async (client: string, url: string, runs: number) => {
  const ours: { seconds: number; entries: number; rssMiB: number }[] = [];
  const theirs: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const { seconds, output } = await timed(process.execPath, [client, url]);
    const listing = JSON.parse(output);
    if (listing.kind !== 'complete') throw new Error(`not a complete listing: ${output}`);
    ours.push({ seconds, entries: listing.entries, rssMiB: listing.peakRssKiB / 1_024 });
    theirs.push((await timed('rsync', ['-r', '--list-only', url])).seconds);
  }
  return {
    seconds: median(ours.map((one) => one.seconds)),
    rsyncSeconds: median(theirs),
    rssMiB: Math.max(...ours.map((one) => one.rssMiB)),
    entries: ours[0]?.entries ?? 0,
  };
};

const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;

const main = async (): Promise<void> => {
  const files = Number(flags.files);
  const runs = Number(flags.runs);
  if (!Number.isSafeInteger(files) || !Number.isSafeInteger(runs) || files < 1 || runs < 1) {
    throw new Error('--files and --runs take a number of at least 1');
  }
  const tree = makeTree(files);
  const daemon = await startRsyncDaemon({ modules: { mirror: { path: tree } } });
  const proxy = await startDelayProxy(daemon.port);
  const { client, folder } = await bundleClient();
  try {
    await timed('rsync', ['-r', '--list-only', daemon.url('mirror')]); // warms the page cache for both
    const near = await measure(client, daemon.url('mirror'), runs);
    const far = await measure(client, `rsync://127.0.0.1:${proxy.port}/mirror/`, Math.min(runs, MAX_DELAYED_RUNS));
    const figures = {
      seconds: rounded(near.seconds),
      rsyncSeconds: rounded(near.rsyncSeconds),
      ratioToRsync: rounded(near.seconds / near.rsyncSeconds),
      rssMiB: rounded(Math.max(near.rssMiB, far.rssMiB)),
      delayedSeconds: rounded(far.seconds),
      delayedRsyncSeconds: rounded(far.rsyncSeconds),
      delayedRatioToRsync: rounded(far.seconds / far.rsyncSeconds),
      entries: near.entries,
    };
    if (flags.json) console.log(JSON.stringify(figures));
    else console.table(figures);
  } finally {
    proxy.stop();
    await daemon.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};

await main();
