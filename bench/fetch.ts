// A thousand hosts that fetch one artefact through a caching edge (a real nginx): what the origin serves, when the artefact is new to
// all of them and when it is new to none. Each host is the program's own fetch with its own folder, name and splay; the splay of ten
// minutes passes a hundred times as fast, and the file lock is left out, because it would start a thousand programs of its own.
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { processWorld } from '../agent/fetch/command/fetch-command.ts';
import { readSettings } from '../agent/fetch/command/read-settings.ts';
import { fetchArtefact } from '../agent/fetch/fetch-artefact.ts';
import { startCachingEdge } from './fetch/caching-edge.ts';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
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
const list = `${createHash('sha256').update(artefact).digest('hex')}  app.tgz\n`;
const modified = new Date(Math.floor(Date.now() / 1_000) * 1_000).toUTCString();
const served = { requests: 0, bytes: 0 };

function packed(): Buffer {
  writeFileSync(join(folder, 'content'), randomBytes(Number(flags.kibibytes) * 1_024));
  const bytes = execFileSync('tar', ['-cz', '-f', '-', '-C', folder, 'content'], { maxBuffer: 2 ** 31 - 1 });
  rmSync(join(folder, 'content'));
  return bytes;
}

const origin = createServer((request, response) => {
  const body = request.url?.endsWith('.sha256') === true ? Buffer.from(list) : artefact;
  served.requests += 1;
  served.bytes += body.length;
  response.writeHead(200, { 'content-length': body.length, 'last-modified': modified, etag: `"${body.length}"` }).end(body);
}).listen(0, '127.0.0.1');
await once(origin, 'listening');
const edge = await startCachingEdge(EDGE_PORT, `http://127.0.0.1:${(origin.address() as AddressInfo).port}`);

async function round(): Promise<Readonly<Record<string, number>>> {
  const outcomes: Record<string, number> = {};
  let replies = 0;
  const before = { ...served };
  const started = performance.now();
  const host = async (name: string): Promise<void> => {
    const world = processWorld({});
    const options = { dest: join(folder, name), unpack: true, splay: '10m', checksum: `${edge.url}/app.tgz.sha256` };
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
      readSettings(options, `${edge.url}/app.tgz`),
      SILENT,
    );
    outcomes[outcome.kind] = (outcomes[outcome.kind] ?? 0) + 1;
  };
  await Promise.all(Array.from({ length: HOSTS }, (_, index) => host(`host-${index}`)));
  return {
    ...outcomes,
    seconds: Number(((performance.now() - started) / 1_000).toFixed(1)),
    requestsByHosts: replies,
    originRequests: served.requests - before.requests,
    originBytes: served.bytes - before.bytes,
  };
}

const first = await round();
const second = await round();
await edge.stop();
origin.close();
rmSync(folder, { recursive: true, force: true });

const share = (first['originBytes'] ?? 0) / artefact.length;
const isGood =
  first['changed'] === HOSTS && second['unchanged'] === HOSTS && share <= MOST_SHARE && second['requestsByHosts'] === HOSTS;
const figures = { hosts: HOSTS, artefactBytes: artefact.length, first, second, originShare: Number(share.toFixed(4)), isGood };
if (flags.json) console.log(JSON.stringify(figures));
else {
  console.log(`${HOSTS} hosts, one artefact of ${artefact.length} bytes, through a caching edge`);
  console.log(`new to all:  ${JSON.stringify(first)}`);
  console.log(`new to none: ${JSON.stringify(second)}`);
  console.log(`the origin served ${share.toFixed(4)} artefacts (at most ${MOST_SHARE})`);
}
if (!isGood) process.exitCode = 1;
