import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addAptPackages, addRpmPackages } from './build-repositories.ts';
import { type MirrortideProcess, startMirrortide } from './mirrortide-process.ts';
import { type NginxMirror, startNginxMirror } from './nginx-mirror.ts';
import { type RsyncDaemon, startRsyncDaemon } from './rsync-daemon.ts';
import { runProgram } from './run-program.ts';
import { until } from './until.ts';

/** Every way in which a mirror can be of no use to a client, beside three that are current and one that is one state behind. */
export const MIRRORS = ['near', 'far', 'tilde', 'behind', 'failing', 'missing', 'lying', 'redirecting'] as const;
export type Mirror = (typeof MIRRORS)[number];

export const CURRENT: readonly Mirror[] = ['near', 'far', 'tilde'];
/** The mirrors of the repositories `lonely-1` (rpm) and `lonely-stable` (apt) are all of no use. */
export const RPM_DIRECTORY = 'releases/41/Everything/x86_64/os';
const SUITE = 'stable';

const PORT = 18_760;
/** Clients on this machine count as Austrian, so `tilde` is the first in their lists. */
const COUNTRIES: Partial<Record<Mirror, string>> = { tilde: 'AT', far: 'US' };
const CATEGORIES = ['fedora', 'debian', 'lonely'] as const;
const APT = { suite: SUITE, architectures: ['amd64'] };

/** One line of a mirror's access log. */
export interface MirrorRequest {
  readonly mirror: Mirror;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly userAgent: string;
}

/** One line of the edge's access log. */
export interface EdgeRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Whether the cache had it; anything else reached the function behind it. */
  readonly fromCache: boolean;
}

export interface ClientNetwork {
  readonly tide: MirrortideProcess;
  /** The mirrors that a list names, in its order, each once. */
  listed(body: string): readonly Mirror[];
  /** `path` is below the master's top, `fedora/…/repomd.xml` for instance. */
  masterFile(path: string): Promise<Buffer>;
  /** What the mirrors were asked while `work` ran, by anybody but the crawler. */
  requestsDuring(work: () => Promise<void>): Promise<readonly MirrorRequest[]>;
  /** What the edge was asked while `work` ran. */
  edgeRequestsDuring(work: () => Promise<void>): Promise<readonly EdgeRequest[]>;
  /** Adds a package to the rpm and the apt repository, and no mirror follows. */
  masterMovesOn(version: string): Promise<void>;
  /** The same, and every mirror but `behind` follows. */
  moveOn(version: string): Promise<void>;
  stop(): Promise<void>;
}

const addressOf = (mirror: Mirror): string => `127.0.0.${41 + MIRRORS.indexOf(mirror)}`;
/** Universities like to serve mirrors from a home directory. */
const baseUrl = (mirror: Mirror): string => `http://${addressOf(mirror)}:${PORT}${mirror === 'tilde' ? '/~mirror' : ''}`;

const DIRECTIVES: Partial<Record<Mirror, string>> = {
  failing: 'location / { return 503; }',
  missing: 'location / { return 404; }',
  redirecting: `location / { return 302 http://${addressOf('near')}:${PORT}$request_uri; }`,
};

/** One byte of its metadata is another, in files of the right size. */
const falsify = async (tree: string): Promise<void> => {
  for (const head of [`fedora/${RPM_DIRECTORY}/repodata/repomd.xml`, `debian/dists/${SUITE}/Release`]) {
    const path = join(tree, head);
    await writeFile(path, (await readFile(path, 'latin1')).replace(/e(?=[^e]*$)/, 'f'), 'latin1');
  }
};

const carries = (mirror: Mirror, rsyncUrl: string): string =>
  CATEGORIES.filter((category) => category !== 'lonely' || !CURRENT.includes(mirror))
    .map((category) => {
      const rsync = mirror === 'near' && category === 'fedora' ? `, ${rsyncUrl}` : '';
      return `\n      - { category: ${category}, urls: [${baseUrl(mirror)}/${category}${rsync}] }`;
    })
    .join('');

const networkFile = (folder: string, rsyncUrl: string): string => `
network: { name: clients, contact: tests@mirrors.example }
policies:
  crawl: { allowedAddresses: [127.0.0.0/8], allowedPorts: any }
  guard: { maximumShrinkShare: 1 }
localClient: { country: AT }
hosts:${MIRRORS.map((mirror) => `\n  - id: ${mirror}\n    country: ${COUNTRIES[mirror] ?? 'DE'}\n    carries:${carries(mirror, rsyncUrl)}`).join('')}
categories:
  - id: fedora
    master: ${folder}/master/fedora
    schedule: &quick { scanMaster: 1m, heads: 1m, probeAfterChange: [1s, 2s, 4s, 8s, 16s, 32s] }
    rules: [{ match: 'releases/(?<version>[0-9]+)/Everything/(?<arch>[^/]+)/os', repo: 'fedora-\${version}' }]
  - id: debian
    master: ${folder}/master/debian
    schedule: *quick
    rules: [{ match: 'dists/(?<suite>[^/]+)', type: apt, repo: 'debian-\${suite}' }]
  - id: lonely
    master: ${folder}/master/lonely
    rules:
      - { match: 'rpm', repo: lonely-1, arch: x86_64 }
      - { match: 'dists/(?<suite>[^/]+)', type: apt, repo: 'lonely-\${suite}' }
`;

const parseLine = (mirror: Mirror, line: string): MirrorRequest => {
  const [method = '', path = '', status = '', ...agent] = line.split(' ');
  return { mirror, method, path, status: Number(status), userAgent: agent.join(' ') };
};

const parseEdgeLine = (line: string): EdgeRequest[] => {
  const [, method = '', path = '', status = '', note = ''] = /^(GET|HEAD) (\S+) (\d{3}) \d+ B \S+ ms (\S+)/.exec(line) ?? [];
  return method === '' ? [] : [{ method, path, status: Number(status), fromCache: note === 'Hit' }];
};

const addPackages = async (folder: string, version: string): Promise<void> => {
  const packages = [{ name: 'tide-hello', version }];
  await addRpmPackages(join(folder, 'master/fedora', RPM_DIRECTORY), packages);
  await addAptPackages(join(folder, 'master/debian'), APT, packages);
};

const treeOf = (folder: string, mirror: Mirror): string => join(folder, mirror, mirror === 'tilde' ? '~mirror' : '');

const sync = async (folder: string, mirrors: readonly Mirror[]): Promise<void> => {
  for (const mirror of mirrors) {
    const tree = treeOf(folder, mirror);
    await mkdir(tree, { recursive: true });
    const result = await runProgram('rsync', ['-a', '--delete', `${folder}/master/`, `${tree}/`]);
    if (result.exitCode !== 0) throw new Error(result.stderr);
    if (mirror === 'lying') await falsify(tree);
    // What is left of `lonely` are mirrors that fail, redirect or do not have it.
    if (!CURRENT.includes(mirror)) await rm(join(tree, 'lonely'), { recursive: true });
  }
};

const buildTrees = async (folder: string): Promise<void> => {
  await addPackages(folder, '1.0');
  await addRpmPackages(join(folder, 'master/lonely/rpm'), [{ name: 'tide-lonely', version: '1.0' }]);
  await addAptPackages(join(folder, 'master/lonely'), APT, [{ name: 'tide-lonely', version: '1.0' }]);
  await sync(folder, MIRRORS);
};

/** Real nginx mirrors of a small rpm and a small apt repository, and the whole system in front of them on port 18761. */
export const startClientNetwork = async (): Promise<ClientNetwork> => {
  const folder = await mkdtemp(join(tmpdir(), 'mirrortide-clients-'));
  const servers = new Map<Mirror, NginxMirror>();
  let rsyncd: RsyncDaemon | undefined;
  let tide: MirrortideProcess | undefined;
  const stop = async (): Promise<void> => {
    await tide?.stop();
    for (const server of servers.values()) await server.stop();
    await rsyncd?.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await buildTrees(folder);
    rsyncd = await startRsyncDaemon({ modules: { fedora: { path: join(treeOf(folder, 'near'), 'fedora') } } });
    for (const mirror of MIRRORS) {
      const directives = DIRECTIVES[mirror];
      const place = { address: addressOf(mirror), port: PORT, root: join(folder, mirror) };
      servers.set(mirror, await startNginxMirror({ ...place, ...(directives === undefined ? {} : { directives }) }));
    }
    await writeFile(join(folder, 'network.yaml'), networkFile(folder, rsyncd.url('fedora')));
    const args = ['--network', join(folder, 'network.yaml'), '--port', String(PORT + 1), '--trust-client-header', '--access-log'];
    tide = await startMirrortide(args);
  } catch (error) {
    await stop();
    throw error;
  }

  return clientNetwork({ folder, servers, tide, stop });
};

interface Started {
  readonly folder: string;
  readonly servers: ReadonlyMap<Mirror, NginxMirror>;
  readonly tide: MirrortideProcess;
  readonly stop: () => Promise<void>;
}

const mirrorLogs = async (servers: Started['servers']): Promise<ReadonlyMap<Mirror, readonly string[]>> =>
  new Map(await Promise.all([...servers].map(async ([mirror, server]) => [mirror, await server.accessLog()] as const)));

/** What the edge printed so far; a request of our own is the mark that everything before it has arrived. */
const edgeLog = async (tide: MirrortideProcess, mark: string): Promise<readonly EdgeRequest[]> => {
  await tide.get(mark);
  const parse = async () => tide.output().split('\n').flatMap(parseEdgeLine);
  const all = await until('the mark in the access log', parse, (lines) => lines.some(({ path }) => path === mark));
  return all.slice(
    0,
    all.findIndex(({ path }) => path === mark),
  );
};

const clientNetwork = ({ folder, servers, tide, stop }: Started): ClientNetwork => {
  let marks = 0;
  const nextMark = (): string => {
    marks += 1;
    return `/mark/${marks}`;
  };
  return {
    tide,
    listed: (body) => {
      const addresses = [...body.matchAll(/http:\/\/(127\.0\.0\.\d+):/g)].map(([, address]) => address);
      return [...new Set(addresses)].flatMap((address) => MIRRORS.filter((mirror) => addressOf(mirror) === address));
    },
    masterFile: (path) => readFile(join(folder, 'master', path)),
    requestsDuring: async (work) => {
      const before = await mirrorLogs(servers);
      await work();
      const after = await mirrorLogs(servers);
      const added = MIRRORS.flatMap((mirror) =>
        (after.get(mirror) ?? []).slice(before.get(mirror)?.length ?? 0).map((line) => parseLine(mirror, line)),
      );
      return added.filter(({ userAgent }) => !userAgent.startsWith('mirrortide/'));
    },
    edgeRequestsDuring: async (work) => {
      const before = await edgeLog(tide, nextMark());
      await work();
      // The mark before is a line too.
      return (await edgeLog(tide, nextMark())).slice(before.length + 1);
    },
    masterMovesOn: (version) => addPackages(folder, version),
    moveOn: async (version) => {
      await addPackages(folder, version);
      await sync(
        folder,
        MIRRORS.filter((mirror) => mirror !== 'behind'),
      );
    },
    stop,
  };
};
