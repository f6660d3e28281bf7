// A network of one public mirror that a crawl reaches and one private mirror that none does, behind the real `npm start`, planning and
// publishing as slowly as a deployment (every 60 s) and without probes after a change: what happens sooner happened because a host checked in.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HEAD = 'releases/44/os/repodata/repomd.xml';
/** Nothing listens there: a machine behind a firewall, for the crawl. */
const PRIVATE_URL = 'http://127.0.0.97:9/linux';
const READY_MS = 120_000;
const POLL_MS = 100;

export const PUBLIC_HOST = 'public.mirrors.invalid';
export const PRIVATE_HOST = 'private.mirrors.invalid';
/** The private mirror's directories, relative to the category. */
export const DIRECTORIES = [
  '',
  'releases',
  'releases/44',
  'releases/44/os',
  'releases/44/os/repodata',
  'releases/44/os/Packages',
];
export const HEAD_PATH = HEAD;

export interface RunningNetwork {
  readonly url: string;
  /** A token of the host, issued through the administration's API. */
  token(host: string): Promise<string>;
  /** The master has a new state, and the network knows it. */
  masterMovesOn(): Promise<void>;
  /** The public mirror copies the master. */
  publicMirrorSyncs(): Promise<void>;
  masterHead(): Promise<string>;
  /** sha256 of the first head of the repository that a client of the private mirror's network is told, and whether that mirror is listed. */
  answer(): Promise<{ readonly head: string; readonly listsPrivate: boolean }>;
  /** Milliseconds until the answer is as wanted. */
  until(wanted: (answer: Awaited<ReturnType<RunningNetwork['answer']>>) => boolean, withinMs: number): Promise<number>;
  stop(): Promise<void>;
}

const networkFile = (master: string, publicUrl: string): string => `
network: { name: Check-ins, contact: bench@mirrors.invalid }
policies:
  access: { administratorGroups: [wranglers] }
  crawl: { allowedAddresses: [127.0.0.0/8], allowedPorts: any }
  guard: { maximumShrinkShare: 1 }
categories:
  - id: linux
    topDirectory: pub/linux
    master: ${master}
    schedule: { scanMaster: 1s, probeAfterChange: [45m] }
    rules:
      - { match: 'releases/(?<version>\\d+)/os', repo: 'linux-\${version}', arch: x86_64 }
hosts:
  - { id: ${PUBLIC_HOST}, country: DE, carries: [{ category: linux, urls: ['${publicUrl}'] }] }
  - id: ${PRIVATE_HOST}
    country: DE
    private: true
    netblocks: [203.0.113.0/24]
    carries: [{ category: linux, urls: ['${PRIVATE_URL}'] }]
`;

const writeState = async (folder: string, state: number): Promise<void> => {
  const text = `<?xml version="1.0"?>\n<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>${state}</revision><data type="primary"><timestamp>${1_700_000_000 + state}</timestamp></data></repomd>\n`;
  for (const [path, content] of [
    [HEAD, text],
    ['releases/44/os/Packages/a.rpm', 'a'],
  ] as const) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
};

const serveFolder = async (folder: string): Promise<{ readonly url: string; stop(): void }> => {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent((request.url ?? '').replace(/^\/linux/, '')));
    readFile(join(folder, path)).then(
      (bytes) =>
        response.writeHead(200, { 'content-length': bytes.byteLength }).end(request.method === 'HEAD' ? undefined : bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/linux`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

interface Started {
  readonly url: string;
  /** Of the account that administers, and where it is changed for a token. */
  readonly secret: string;
  readonly tokenUrl: string;
}

/** The address it answers at, and what it prints for whoever wants to administer it. */
const untilReady = (child: ChildProcess): Promise<Started> =>
  new Promise((resolve, reject) => {
    const lines: string[] = [];
    let [secret, tokenUrl] = ['', ''];
    const fail = (why: string): void => reject(new Error(`npm start ${why}:\n${lines.join('\n')}`));
    const timer = setTimeout(() => fail(`was not ready within ${READY_MS} ms`), READY_MS);
    const read = (line: string): void => {
      lines.push(line);
      [, secret = secret, tokenUrl = tokenUrl] = /curl -su wrangler:(\S+) .* (http\S+)$/.exec(line) ?? [];
      const [, url] = /^ready (http:\/\/\S+)$/.exec(line) ?? [];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve({ url, secret, tokenUrl });
    };
    for (const stream of [child.stdout, child.stderr]) if (stream !== null) createInterface({ input: stream }).on('line', read);
    child.once('exit', (code) => fail(`ended with ${code}`));
  });

const issueToken = async ({ url, secret, tokenUrl }: Started, host: string): Promise<string> => {
  const asked = await fetch(tokenUrl, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`wrangler:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const { access_token: jwt } = (await asked.json()) as { access_token: string };
  const issued = await fetch(`${url}/api/v1/hosts/${host}/tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${jwt}`, 'content-type': 'application/json' },
    body: JSON.stringify({ label: 'check-ins' }),
  });
  const text = await issued.text();
  if (issued.status !== 201) throw new Error(`no token was issued: ${issued.status} ${text}`);
  return (JSON.parse(text) as { token: string }).token;
};

export const startRunningNetwork = async (): Promise<RunningNetwork> => {
  const folder = await mkdtemp(join(tmpdir(), 'mirrortide-check-in-'));
  const [master, mirror, file] = [join(folder, 'master'), join(folder, 'mirror'), join(folder, 'network.yaml')];
  let state = 1;
  await Promise.all([writeState(master, state), writeState(mirror, state)]);
  const served = await serveFolder(mirror);
  await writeFile(file, networkFile(master, served.url));
  const args = [
    'start',
    '--network',
    file,
    '--port',
    '0',
    '--pace',
    '60',
    '--trust-client-header',
    '--data',
    join(folder, 'data'),
  ];
  const child = spawn(process.execPath, ['local/bootstrap.mjs', ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  const started = await untilReady(child);
  const log = join(folder, 'data', 'functions.log');

  const answer = async () => {
    const response = await fetch(`${started.url}/metalink?repo=linux-44&arch=x86_64`, {
      headers: { 'mirrortide-client': '203.0.113.9,country=DE' },
    });
    const body = await response.text();
    return { head: /<hash type="sha256">([0-9a-f]{64})</.exec(body)?.[1] ?? '', listsPrivate: body.includes(PRIVATE_URL) };
  };
  const masterHead = async () =>
    createHash('sha256')
      .update(await readFile(join(master, HEAD)))
      .digest('hex');

  return {
    url: started.url,
    token: (host) => issueToken(started, host),
    async masterMovesOn() {
      state += 1;
      const scans = async () => (await readFile(log, 'utf8')).split('"published"').length;
      const before = await scans();
      await writeState(master, state);
      for (let waitedMs = 0; (await scans()) === before; waitedMs += POLL_MS) {
        if (waitedMs > READY_MS) throw new Error('the change of the master was not noticed');
        await delay(POLL_MS);
      }
    },
    publicMirrorSyncs: () => writeState(mirror, state),
    masterHead,
    answer,
    async until(wanted, withinMs) {
      const from = performance.now();
      while (!wanted(await answer())) {
        if (performance.now() - from > withinMs) throw new Error(`the answer did not change within ${withinMs} ms`);
        await delay(POLL_MS);
      }
      return performance.now() - from;
    },
    async stop() {
      child.removeAllListeners('exit');
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGINT');
      await ended;
      served.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
