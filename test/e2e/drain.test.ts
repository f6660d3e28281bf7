import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AGENT_ENTRY, bundleAgent } from '../../local/bundle-agent.ts';
import { addRpmPackages } from '../support/build-repositories.ts';
import { dnfClient } from '../support/dnf-client.ts';
import { type MirrortideProcess, startMirrortide } from '../support/mirrortide-process.ts';
import { type NginxMirror, startNginxMirror } from '../support/nginx-mirror.ts';
import { runProgram } from '../support/run-program.ts';
import { until } from '../support/until.ts';

/**
 * Five real mirrors that all begin to synchronise at one moment, as cron lets them, and destructively: the tree is emptied, stays
 * empty for a while, and comes back as the master has it by then. A client installs without pause meanwhile, a dnf with its own
 * settings: it tries all mirrors of the metalink before it gives up. Once each mirror synchronises under `sync run`, one of which is
 * killed half way and started again, and once without. What breaks then is what all mirrors lack at one time; dnf would find its
 * way around a single one, which is why it is also counted whether any client had to.
 */
const PORT = 18_762;
const REPOSITORY = 'releases/41/Everything/x86_64/os';
const HEAD = `/${REPOSITORY}/repodata/repomd.xml`;
const MIRRORS = ['mirror-1', 'mirror-2', 'mirror-3', 'mirror-4', 'mirror-5'] as const;
type Name = (typeof MIRRORS)[number];
const KILLED = 'mirror-3';
const MIN_IN_SERVICE = 3;
/** How long a tree is empty; what a large tree takes hours for. Longer than a client asks other mirrors. */
const EMPTY_SECONDS = 2;

let folder: string;
let agent: string;
let tide: MirrortideProcess;
const servers = new Map<Name, NginxMirror>();

const addressOf = (name: Name): string => `127.0.0.${41 + MIRRORS.indexOf(name)}`;
const treeOf = (name: Name): string => join(folder, name);
const metalinkUrl = (): string => `${tide.url}/metalink?repo=fedora-41&arch=x86_64`;

const host = (name: Name): string =>
  `  - { id: ${name}, country: DE, carries: [{ category: fedora, urls: ['http://${addressOf(name)}:${PORT}'] }] }`;

/** Clients may follow an answer for as long as the edge keeps it, 2 s here, and an installation takes. */
const networkFile = (): string => `
network: { name: drain, contact: tests@mirrors.example }
policies:
  crawl: { allowedAddresses: [127.0.0.0/8], allowedPorts: any }
  guard: { maximumShrinkShare: 1 }
  access: { administratorGroups: [wranglers] }
  drain: { groups: [{ scope: global, minInService: ${MIN_IN_SERVICE}, maxDraining: 1 }], lease: 30s, cacheBudget: 3s }
localClient: { country: DE }
categories:
  - id: fedora
    master: ${folder}/master
    schedule: { scanMaster: 1s, reach: 5s, heads: 2s, sample: 5s, full: 10s, probeAfterChange: [1s, 2s, 4s] }
    rules: [{ match: 'releases/(?<version>[0-9]+)/Everything/(?<arch>[^/]+)/os', repo: 'fedora-\${version}' }]
hosts:
${MIRRORS.map(host).join('\n')}
`;

/** As a mirror's own cron job could be, but for the waiting. */
const syncScript = (): string => `set -e
tree=$1
echo "begin $(basename $tree)" >> ${folder}/journal
rm -rf $tree/*
sleep ${EMPTY_SECONDS}
rsync -a --delete ${folder}/master/ $tree/
echo "end $(basename $tree)" >> ${folder}/journal
`;

const rsync = async (name: Name): Promise<void> => {
  await mkdir(treeOf(name), { recursive: true });
  const { exitCode, stderr } = await runProgram('rsync', ['-a', '--delete', `${folder}/master/`, `${treeOf(name)}/`]);
  if (exitCode !== 0) throw new Error(stderr);
};

/** With the account that `npm start` prints. */
const administrator = async (): Promise<string> => {
  const [, name = '', secret = ''] = /curl -su ([^:]+):(\S+) /.exec(tide.output()) ?? [];
  const response = await fetch(`${tide.url}/oidc/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  return ((await response.json()) as { access_token: string }).access_token;
};

const issueToken = async (name: Name, bearer: string): Promise<string> => {
  const response = await fetch(`${tide.url}/api/v1/hosts/${name}/tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    body: JSON.stringify({ label: 'cron' }),
  });
  const { token } = (await response.json()) as { token?: string };
  if (token === undefined) throw new Error(`no token for ${name}: status ${response.status}`);
  return token;
};

const configure = async (who: Name | 'operator', token: string): Promise<void> => {
  await writeFile(join(folder, `${who}.token`), `${token}\n`);
  await writeFile(
    join(folder, `${who}.ini`),
    `[service]
url = ${tide.url}
token_file = ${folder}/${who}.token
[sync]
category = fedora
[run]
state_folder = ${folder}/${who}.state
[log]
file = ${folder}/${who}.log
`,
  );
};

const listedIn = (metalink: string): readonly Name[] => MIRRORS.filter((name) => metalink.includes(`http://${addressOf(name)}:`));

interface Install {
  readonly exitCode: number | null;
  readonly stderr: string;
}

interface Watched {
  readonly installs: readonly Install[];
  /** The fewest mirrors that one metalink named. */
  readonly fewest: number;
  /** Client requests for the head of a repository that were answered with 404, as they are while a tree is empty. */
  readonly missed: number;
}

/** A client that has never been here, each time. */
const installAnew = async (): Promise<Install> => {
  const dnf = await dnfClient(`metalink=${metalinkUrl()}`);
  try {
    const { exitCode, stderr } = await dnf.run('install', '--downloadonly', 'tide-hello');
    return { exitCode, stderr };
  } finally {
    await dnf.remove();
  }
};

const headsMissed = async (): Promise<number> => {
  const logs = await Promise.all(MIRRORS.map(async (name) => (await servers.get(name)?.accessLog()) ?? []));
  return logs.flat().filter((line) => line.startsWith(`GET ${HEAD} 404`) && /dnf/i.test(line)).length;
};

/** Installs, one after another, and counts whom the metalink names, from before `act` begins until after it has ended. */
const watched = async (act: () => Promise<void>): Promise<Watched> => {
  const before = await headsMissed();
  const installs: Install[] = [];
  let fewest = Number.POSITIVE_INFINITY;
  let over = false;
  const install = async (): Promise<void> => {
    while (!over) installs.push(await installAnew());
  };
  const count = async (): Promise<void> => {
    while (!over) {
      const { status, body } = await tide.get('/metalink?repo=fedora-41&arch=x86_64');
      fewest = Math.min(fewest, status === 200 ? listedIn(body).length : 0);
      await pause(100);
    }
  };
  const watching = Promise.all([install(), count()]);
  try {
    await until(
      'an installation',
      async () => installs.length,
      (done) => done > 0,
    );
    await act();
  } finally {
    over = true;
    await watching;
  }
  return { installs, fewest, missed: (await headsMissed()) - before };
};

const ended = async (child: ChildProcess): Promise<{ readonly code: number | null; readonly output: string }> => {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
};

const journal = async (): Promise<readonly string[]> =>
  (await readFile(join(folder, 'journal'), 'utf8')).split('\n').filter((line) => line !== '');

type Ended = Awaited<ReturnType<typeof ended>>;

const undrained = (name: Name): Promise<Ended> =>
  ended(spawn('sh', [join(folder, 'sync.sh'), treeOf(name)], { stdio: ['ignore', 'pipe', 'pipe'] }));

/** `mirrortide sync WORDS` as whoever has this configuration: a mirror, or the operator. */
const startSync = (who: Name | 'operator', command: string, ...words: readonly string[]): ChildProcess =>
  spawn(process.execPath, [agent, 'sync', command, '--config', join(folder, `${who}.ini`), ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });

const startDrained = (name: Name): ChildProcess => startSync(name, 'run', '--', 'sh', join(folder, 'sync.sh'), treeOf(name));

const drained = (name: Name): Promise<Ended> => ended(startDrained(name));

/** Killed while its tree is empty, and started again at once; its command lives on. */
const killedOnce = async (name: Name): Promise<Ended> => {
  const first = startDrained(name);
  await until(`the turn of ${name}`, journal, (lines) => lines.includes(`begin ${name}`));
  first.kill('SIGKILL');
  return drained(name);
};

/** The master moves on, and the service knows it: until the mirrors follow, they serve what is the last but one. */
const release = async (version: string): Promise<void> => {
  const before = (await tide.get('/metalink?repo=fedora-41&arch=x86_64')).body;
  await addRpmPackages(join(folder, 'master', REPOSITORY), [{ name: 'tide-hello', version }]);
  await until(
    `release ${version} to be known`,
    async () => (await tide.get('/metalink?repo=fedora-41&arch=x86_64')).body,
    (body) => body !== before && body.includes('alternate') && listedIn(body).length === MIRRORS.length,
  );
  await writeFile(join(folder, 'journal'), '');
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-drain-'));
  agent = join(folder, 'mirrortide.mjs');
  await bundleAgent(AGENT_ENTRY, agent);
  await addRpmPackages(join(folder, 'master', REPOSITORY), [{ name: 'tide-hello', version: '1.0' }]);
  await writeFile(join(folder, 'network.yaml'), networkFile());
  await writeFile(join(folder, 'sync.sh'), syncScript());
  for (const name of MIRRORS) {
    await rsync(name);
    servers.set(name, await startNginxMirror({ address: addressOf(name), port: PORT, root: treeOf(name) }));
  }
  tide = await startMirrortide(['--network', join(folder, 'network.yaml'), '--port', '0', '--pace', '0.5']);
  const bearer = await administrator();
  await configure('operator', bearer);
  for (const name of MIRRORS) await configure(name, await issueToken(name, bearer));
  await until(
    'a metalink with all mirrors',
    () => tide.get('/metalink?repo=fedora-41&arch=x86_64'),
    ({ body }) => listedIn(body).length === MIRRORS.length,
  );
});

afterAll(async () => {
  await tide?.stop();
  for (const server of servers.values()) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('mirrors that all synchronise destructively at one moment', () => {
  it('break no installation under sync run, and never are fewer listed than must be in service', async () => {
    await release('2.0');
    const { installs, fewest, missed } = await watched(async () => {
      const ends = await Promise.all(MIRRORS.map((name) => (name === KILLED ? killedOnce(name) : drained(name))));
      expect(ends.map(({ code, output }) => (code === 0 ? 0 : output))).toEqual(MIRRORS.map(() => 0));
      for (const { output } of ends) expect(output).toContain('IN_SERVICE: verified');
    });
    const turns = await journal();
    // One after another, each once but for the one that was killed: its second run went on where the first was.
    const order = turns.filter((_, index) => index % 2 === 0);
    expect(order.toSorted()).toEqual([...MIRRORS, KILLED].map((name) => `begin ${name}`).toSorted());
    expect(order.lastIndexOf(`begin ${KILLED}`) - order.indexOf(`begin ${KILLED}`)).toBe(1);
    for (const [index, line] of turns.entries()) {
      if (line.startsWith('begin')) expect(turns[index + 1]).toBe(line.replace('begin', 'end'));
    }
    expect(installs.filter(({ exitCode }) => exitCode !== 0)).toEqual([]);
    expect(installs.length).toBeGreaterThanOrEqual(MIRRORS.length);
    expect(missed).toBe(0);
    expect(fewest).toBeGreaterThanOrEqual(MIN_IN_SERVICE);
  });

  it('stay out of service while an operator holds them, and return when they were verified', async () => {
    const name = 'mirror-2';
    const because = (reason: string): readonly string[] => ['--host', name, '--reason', reason];
    expect(await ended(startSync('operator', 'hold', ...because('a new disk')))).toMatchObject({ code: 0 });
    expect(await ended(startSync(name, 'status'))).toMatchObject({ code: 3, output: expect.stringContaining('a new disk') });
    expect(await drained(name)).toMatchObject({ code: 3, output: expect.stringContaining('a new disk') });
    expect(await ended(startSync('operator', 'release', ...because('the disk is in')))).toMatchObject({ code: 0 });
    await until(
      'its return',
      () => ended(startSync(name, 'status')),
      ({ code, output }) => code === 0 && output.includes('IN_SERVICE'),
    );
    expect(await ended(startSync('mirror-1', 'status', '--host', name))).toMatchObject({ code: 77 });
  });

  it('break installations without it', async () => {
    await release('3.0');
    const { installs, missed } = await watched(async () => {
      const ends = await Promise.all(MIRRORS.map(undrained));
      expect(ends.map(({ code }) => code)).toEqual(MIRRORS.map(() => 0));
    });
    expect(installs.filter(({ exitCode }) => exitCode !== 0).length).toBeGreaterThan(0);
    expect(missed).toBeGreaterThan(0);
  });
});
