import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FetchSettings } from '../../../agent/fetch/fetch-settings.ts';
import type { Disk, FetchWorld, HookRun } from '../../../agent/fetch/fetch-world.ts';
import { MARKER_NAME } from '../../../agent/fetch/install/layout.ts';
import type { HttpReply, OpenHttp } from '../../../agent/fetch/network/open-http.ts';
import type { Report } from '../../../agent/report/report.ts';
import { Killed } from '../../support/killed-at.ts';
import { DISK_CALLS } from './disk-calls.ts';

export const ADDRESS = 'http://mirror.example/venv.tgz';
export const digestHex = (bytes: Buffer, algorithm = 'sha256'): string => createHash(algorithm).update(bytes).digest('hex');

export const SILENT: Report = { note: () => {}, progress: () => {}, hookOutput: () => {}, end: () => {} };

/** Everything below a folder but folders. Links are not followed, which Node's own recursive listing does. */
export function entriesBelow(folder: string, prefix = ''): readonly { readonly name: string; readonly entry: fs.Dirent }[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const name = `${prefix}${entry.name}`;
    return entry.isDirectory() ? entriesBelow(join(folder, entry.name), `${name}/`) : [{ name, entry }];
  });
}

/** Every file below a folder by its path; links by where they lead. The marker is left out. Undefined when there is no folder. */
export function treeOf(folder: string): Readonly<Record<string, string>> | undefined {
  if (!fs.existsSync(folder)) return undefined;
  const found = entriesBelow(folder).filter(({ entry }) => entry.name !== MARKER_NAME);
  return Object.fromEntries(
    found.map(({ name, entry }) => {
      const path = join(folder, name);
      return [name, entry.isSymbolicLink() ? `-> ${fs.readlinkSync(path)}` : fs.readFileSync(path, 'utf8')];
    }),
  );
}

/** A real tar.gz of these files, by the host's tar. */
export function tarOf(files: Readonly<Record<string, string>>, flags: readonly string[] = ['-cz']): Buffer {
  const folder = fs.mkdtempSync(join(tmpdir(), 'mirrortide-tar-'));
  try {
    for (const [path, content] of Object.entries(files)) {
      fs.mkdirSync(join(folder, path, '..'), { recursive: true });
      if (content.startsWith('-> ')) fs.symlinkSync(content.slice(3), join(folder, path));
      else fs.writeFileSync(join(folder, path), content, { mode: path.startsWith('bin/') ? 0o755 : 0o644 });
    }
    return execFileSync('tar', [...flags, '-f', '-', '-C', folder, '.'], { maxBuffer: 1 << 28 });
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** A publisher in memory: an artefact, the list beside it, conditional requests and ranges. */
export function memoryPublisher(artefact: () => Buffer): OpenHttp & { requests: string[] } {
  const requests: string[] = [];
  const reply = (status: number, headers: Record<string, string>, body: Buffer): HttpReply => ({
    status,
    headers: { ...headers, 'content-length': String(body.length) },
    body: piecesOf(body),
    discard: () => {},
  });
  const open: OpenHttp = async (url, headers) => {
    const bytes = artefact();
    const hex = digestHex(bytes);
    const isList = url.pathname.endsWith('.sha256');
    const etag = `"${isList ? 'list' : 'file'}-${hex.slice(0, 8)}"`;
    requests.push(`${url.pathname} ${headers['if-none-match'] ?? headers['range'] ?? '-'}`);
    if (headers['if-none-match'] === etag) return reply(304, { etag }, Buffer.alloc(0));
    if (isList) return reply(200, { etag }, Buffer.from(`${hex}  ${url.pathname.slice(1, -'.sha256'.length)}\n`));
    const start = Number(/^bytes=(\d+)-$/.exec(headers['range'] ?? '')?.[1] ?? 0);
    if (start === 0 || headers['if-range'] !== etag) return reply(200, { etag }, bytes);
    const range = { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
    return reply(206, { etag, ...range }, bytes.subarray(start));
  };
  return Object.assign(open, { requests });
}

async function* piecesOf(body: Buffer): AsyncGenerator<Buffer> {
  const size = Math.max(1, Math.ceil(body.length / 3));
  for (let start = 0; start < body.length; start += size) yield body.subarray(start, start + size);
}

/** What a scene's hooks did, and what they say. */
export interface SceneHooks {
  readonly journal: string[];
  readonly isHealthy: (digest: string) => boolean;
}

export const sceneWorld = (open: OpenHttp, hooks: SceneHooks, disk: Disk = fs): FetchWorld => ({
  disk,
  syncFileSystem: () => false,
  open,
  lock: () => ({ release: () => {} }),
  run: async ({ command, environment }: HookRun) => {
    const digest = environment['MIRRORTIDE_DIGEST'] ?? '';
    hooks.journal.push(`${command} ${environment['MIRRORTIDE_EVENT']} ${digest}`);
    return command === 'health' && !hooks.isHealthy(digest) ? 'it ended with 1' : undefined;
  },
  sleep: () => Promise.resolve(),
  random: () => 0,
  nowMs: () => Date.UTC(2026, 0, 1),
  hostName: 'host-1',
  pace: {
    attempts: 3,
    mostAttempts: 20,
    firstMs: 1,
    longestMs: 2,
    longestAskedMs: 1_000,
    connectMs: 5_000,
    stallMs: 5_000,
  },
});

export const sceneSettings = (destination: string, more: Partial<FetchSettings> = {}): FetchSettings => ({
  url: ADDRESS,
  fileName: 'venv.tgz',
  destination,
  unpack: true,
  checksum: { kind: 'list', url: `${ADDRESS}.sha256` },
  allowWeak: false,
  splayMs: 0,
  hooks: { hook: 'hook', health: 'health', limitMs: 1_000 },
  keep: 1,
  downloadBytes: 1 << 24,
  archive: { bytes: 1 << 24, entries: 1_000 },
  retryBad: false,
  ...more,
});

export interface MortalWorld {
  readonly world: FetchWorld;
  /** Calls made so far. */
  readonly calls: () => number;
  /** The name of the call that it died before. */
  readonly diedAt: () => string | undefined;
  /** Files that the dead process left open. */
  readonly close: () => void;
}

/**
 * A world that ends before the n-th of its calls, as a process ends by SIGKILL: from then on nothing has any effect, whatever the
 * program still tries. A write is cut in half by it, and a removal of a folder has begun.
 */
export function mortalWorld(alive: FetchWorld, killAt: number): MortalWorld {
  const descriptors = new Set<number>();
  let calls = 0;
  let died: string | undefined;
  const step = (name: string, halfWay: () => void): void => {
    if (died !== undefined) throw new Killed(`after the end, ${name}`);
    calls += 1;
    if (calls !== killAt) return;
    halfWay();
    died = name;
    throw new Killed(`before ${name}`);
  };
  const { disk } = alive;
  const halfWays: Readonly<Record<string, (...parameters: never[]) => void>> = {
    writeSync: (descriptor: number, bytes: Buffer, offset: number, length: number, position: number) => {
      if (length > 1) disk.writeSync(descriptor, bytes, offset, Math.floor(length / 2), position);
    },
    rmSync: (path: string, options: { recursive?: boolean } | undefined) => {
      const [first] = options?.recursive === true && fs.existsSync(path) ? fs.readdirSync(path) : [];
      if (first !== undefined) disk.rmSync(join(path, first), { recursive: true });
    },
  };
  const mortalDisk = Object.fromEntries(
    DISK_CALLS.map((name) => [
      name,
      (...parameters: never[]) => {
        step(`${name} ${typeof parameters[0] === 'string' ? parameters[0] : ''}`, () => halfWays[name]?.(...parameters));
        const result: unknown = (disk[name] as (...given: never[]) => unknown)(...parameters);
        if (name === 'openSync') descriptors.add(result as number);
        if (name === 'closeSync') descriptors.delete(parameters[0] as unknown as number);
        return result;
      },
    ]),
  ) as unknown as Disk;
  const mortal =
    <Parameters extends readonly unknown[], Result>(name: string, call: (...parameters: Parameters) => Promise<Result>) =>
    async (...parameters: Parameters): Promise<Result> => {
      step(name, () => {});
      return call(...parameters);
    };
  return {
    world: { ...alive, disk: mortalDisk, open: mortal('open', alive.open), run: mortal('run', alive.run) },
    calls: () => calls,
    diedAt: () => died,
    close: () => {
      for (const descriptor of descriptors) fs.closeSync(descriptor);
      descriptors.clear();
    },
  };
}
