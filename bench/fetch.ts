// A thousand hosts that fetch one artefact through a caching edge (a real nginx): what the origin serves, when the artefact is new to
// all of them and when it is new to none. The origin is a plain web server, or with `--origin content` the whole system with the
// artefact in a volume. Each host is the program's own fetch with its own folder, name and splay; the splay of ten
// minutes passes a hundred times as fast, and the file lock is left out, because it would start a thousand programs of its own.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { processWorld } from '../agent/fetch/command/fetch-command.ts';
import { readSettings } from '../agent/fetch/command/read-settings.ts';
import { fetchArtefact } from '../agent/fetch/fetch-artefact.ts';
import { startCachingEdge } from './fetch/caching-edge.ts';
import { startContentOrigin, startPlainOrigin } from './fetch/origins.ts';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    origin: { type: 'string', default: 'plain' },
    hosts: { type: 'string', default: '1000' },
    kibibytes: { type: 'string', default: '1024' },
  },
});
const HOSTS = Number(flags.hosts);
const EDGE_PORT = 18_931;
const FASTER = 100;
const MOST_SHARE = 1.1;
const SILENT = { note: () => {}, progress: () => {}, hookOutput: () => {}, end: () => {} };

/** In memory where there is room for it: the disk is not what is measured. */
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'mirrortide-bench-'));
const artefact = packed();
function packed(): Buffer {
  writeFileSync(join(folder, 'content'), randomBytes(Number(flags.kibibytes) * 1_024));
  const bytes = execFileSync('tar', ['-cz', '-f', '-', '-C', folder, 'content'], { maxBuffer: 2 ** 31 - 1 });
  rmSync(join(folder, 'content'));
  return bytes;
}

const origin = await (flags.origin === 'content' ? startContentOrigin(artefact) : startPlainOrigin(artefact));
const edge = await startCachingEdge(EDGE_PORT, origin.url);

async function round(): Promise<Readonly<Record<string, number>>> {
  const outcomes: Record<string, number> = {};
  let replies = 0;
  const before = origin.served();
  const started = performance.now();
  const host = async (name: string): Promise<void> => {
    const world = processWorld({});
    const checksum = origin.checksumPath === undefined ? {} : { checksum: `${edge.url}${origin.checksumPath}` };
    const options = { dest: join(folder, name), unpack: true, splay: '10m', ...checksum };
    const outcome = await fetchArtefact(
      {
        ...world,
        hostName: `${name}.example.org`,
        sleep: (ms) => pause(ms / FASTER),
        lock: () => ({ release: () => {} }),
        open: (...asked) => {
          replies += 1;
          return world.open(...asked);
        },
      },
      readSettings(options, `${edge.url}${origin.path}`),
      SILENT,
    );
    outcomes[outcome.kind] = (outcomes[outcome.kind] ?? 0) + 1;
  };
  await Promise.all(Array.from({ length: HOSTS }, (_, index) => host(`host-${index}`)));
  return {
    ...outcomes,
    seconds: Number(((performance.now() - started) / 1_000).toFixed(1)),
    requestsByHosts: replies,
    originRequests: origin.served().requests - before.requests,
    originBytes: origin.served().bytes - before.bytes,
  };
}

const first = await round();
const second = await round();
await edge.stop();
await origin.stop();
rmSync(folder, { recursive: true, force: true });

const share = (first['originBytes'] ?? 0) / artefact.length;
/** A large file of a volume is a redirect to the URL that names its content; both are small when nothing changed. */
const requestsWhenUnchanged = flags.origin === 'content' ? 2 * HOSTS : HOSTS;
const isGood =
  first['changed'] === HOSTS &&
  second['unchanged'] === HOSTS &&
  share <= MOST_SHARE &&
  (second['requestsByHosts'] ?? 0) <= requestsWhenUnchanged;
const figures = { hosts: HOSTS, artefactBytes: artefact.length, first, second, originShare: Number(share.toFixed(4)), isGood };
if (flags.json) console.log(JSON.stringify(figures));
else {
  console.log(`${HOSTS} hosts, one artefact of ${artefact.length} bytes, through a caching edge`);
  console.log(`new to all:  ${JSON.stringify(first)}`);
  console.log(`new to none: ${JSON.stringify(second)}`);
  console.log(`the origin served ${share.toFixed(4)} artefacts (at most ${MOST_SHARE})`);
}
if (!isGood) process.exitCode = 1;
