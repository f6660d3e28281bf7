import { setTimeout as delay } from 'node:timers/promises';
import type { SnapshotView } from '#domain/snapshot/view.ts';
import { openSnapshot } from '#wire/snapshot/open-snapshot.ts';
import { apiGateway } from './edge/api-gateway.ts';
import { databasePlaces } from './edge/client-place.ts';
import { type EdgeServer, startEdgeServer } from './edge/edge-server.ts';
import { exampleUrls } from './edge/example-urls.ts';
import { objectEdge } from './edge/object-edge.ts';
import { siteEdge } from './edge/site-edge.ts';
import { loadObjectFunction, loadObjectResponseFunction } from './edge/viewer-function.ts';
import { accountToken } from './identity/account-token.ts';
import { type LocalIdentity, openIdentity } from './identity/local-identity.ts';
import type { Network } from './network.ts';
import type { StartOptions } from './options.ts';
import { contentObjects } from './runtime/content-objects.ts';
import { fullCycle } from './runtime/full-cycle.ts';
import type { LocalSystem } from './runtime/local-system.ts';
import { startSchedules } from './runtime/schedules.ts';
import { StartProblem } from './start-problem.ts';
import { printNetwork } from './terminal/print-network.ts';
import type { Progress } from './terminal/progress.ts';
import { typeCommands } from './terminal/type-commands.ts';

export interface ServeInput {
  readonly options: StartOptions;
  readonly folder: string;
  readonly system: LocalSystem;
  readonly network: Network;
  readonly signal: AbortSignal;
  readonly show: Progress;
  readonly report: (doing: string, error: unknown) => void;
}

const ADDRESS = '127.0.0.1';
const READY_POLL_MS = 100;
/** Of everybody in the sample, which holds nothing that is worth a secret; other networks get secrets of their own at every start. */
const SAMPLE_SECRET = 'mirrortide';

/** The edge, one full cycle, the table, the `ready` line, then the schedules until the signal fires. Returns the exit code. */
export async function serveNetwork(input: ServeInput): Promise<number> {
  const { options, system, network, signal, show, report } = input;
  // The port first: that it is taken is worth knowing before a minute of crawling.
  const { server: edge, identity } = await openEdge(input);
  const url = `http://${ADDRESS}:${edge.port}`;
  const categories = network.inventory.categories;
  try {
    const { problems } = await fullCycle(
      system,
      categories.map(({ id }) => id),
      signal,
      ({ text }) => show.show(text),
    );
    show.end();
    for (const problem of problems) show.line(`! ${problem}`);
    if (signal.aborted) return 0;
    await printNetwork(system, options.json);
    const schedules = startSchedules(system, {
      categories,
      hasContent: network.inventory.content !== undefined,
      paceMs: options.paceMs,
      onFault: report,
      onDeadLetter: (body) => show.line(`! a crawl failed for good: ${body}`),
    });
    const commands = (network.sample?.commands ?? []).map(({ key, run }) => ({
      key,
      run: async () => {
        const said = await run();
        await schedules.scanNow();
        return said;
      },
    }));
    const publishing = publishSample(input, url, identity);
    typeCommands(process.stdin, commands, (line) => show.line(`  ${line}`), signal);
    try {
      await becomeReady(input, url, identity);
      await untilAborted(signal);
    } finally {
      show.line('stopping');
      await Promise.all([schedules.stop(), publishing]);
    }
    return 0;
  } finally {
    await edge.close();
  }
}

/** The sample's volumes get their first release while clients are answered already. */
async function publishSample({ network, report, show, signal }: ServeInput, url: string, identity: LocalIdentity): Promise<void> {
  const token = accountToken(identity);
  if (network.sample === undefined || token === undefined) return;
  try {
    const said = await network.sample.publishVolumes({ url, token });
    if (!signal.aborted) show.line(`  volumes: ${said}`);
  } catch (error) {
    report('publishing the volumes of the sample', error);
  }
}

interface OpenedEdge {
  readonly server: EdgeServer;
  readonly identity: LocalIdentity;
}

async function openEdge({ options, system, network, show, report }: ServeInput): Promise<OpenedEdge> {
  const { country, asn, address } = network.localClient;
  const lookUp = await databasePlaces(options.geo, { country, asn }).catch((error: unknown) => {
    throw new StartProblem(`--geo: ${error instanceof Error ? error.message : String(error)}`);
  });
  const respond = await siteEdge({ system, network, lookUp, trustClientHeader: options.trustClientHeader });
  let base = `http://${ADDRESS}:${options.port}`;
  // The issuer is named after the port, which is known only when the edge listens.
  let identity: LocalIdentity | undefined;
  try {
    const server = await startEdgeServer({
      port: options.port,
      address: ADDRESS,
      respond: (request) => respond({ ...request, address: address ?? request.address }, base),
      objects: objectEdge({
        viewerRequest: await loadObjectFunction(),
        viewerResponse: await loadObjectResponseFunction(),
        objects: contentObjects(system.contentBucket),
      }),
      gateway: apiGateway({
        invoke: system.api,
        now: Date.now,
        authorize: async (header) => (await identity?.authorize(header)) ?? { kind: 'unavailable' },
      }),
      issuer: () => identity?.issuer,
      accessLog: options.accessLog ? (line) => show.line(line) : undefined,
      onFault: (error) => report('answering', error),
    });
    base = `http://${ADDRESS}:${server.port}`;
    identity = await openIdentity(options.issuer, base, network.inventory, network.sample && SAMPLE_SECRET);
    return { server, identity };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
      throw new StartProblem(`port ${options.port} on ${ADDRESS} is in use; npm start -- --port N takes another one`);
    }
    if ((error as NodeJS.ErrnoException).code === 'EACCES') {
      throw new StartProblem(
        `port ${options.port} needs rights that this user does not have; npm start -- --port N takes another one`,
      );
    }
    throw error;
  }
}

/** A metalink when there is one to ask for, else whatever shows that `answer` holds a snapshot. */
function readinessPath(view: SnapshotView): string {
  for (let at = 0; at < view.counts.repositories; at += 1) {
    const { repo, arch, type } = view.repositoryAt(at);
    if (type === 'rpm') return `/metalink?repo=${encodeURIComponent(repo)}&arch=${encodeURIComponent(arch)}`;
  }
  return '/status.json';
}

/** The published snapshot, once clients get answers from it; undefined when the signal fired first. */
async function untilAnswered({ system, signal, show }: ServeInput, url: string): Promise<SnapshotView | undefined> {
  let published = await system.published();
  if (published === undefined) show.line('nothing is published yet; the schedules go on trying');
  while (published === undefined && !signal.aborted) {
    await delay(READY_POLL_MS, undefined, { signal }).catch(() => undefined);
    published = await system.published();
  }
  if (published === undefined) return undefined;
  const view = openSnapshot(published.bytes);
  const path = readinessPath(view);
  while (!signal.aborted) {
    const status = await fetch(`${url}${path}`, { signal }).then(
      async (response) => {
        await response.arrayBuffer();
        return response.status;
      },
      () => 0,
    );
    if (status > 0 && status < 500) return view;
    await delay(READY_POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

/** Waits until clients get answers, says what to open, and prints the one line that programs wait for. */
async function becomeReady(input: ServeInput, url: string, identity: LocalIdentity): Promise<void> {
  const { signal, network, show } = input;
  const { categories, content } = network.inventory;
  // A network that only serves content publishes no snapshot.
  const view = categories.length === 0 ? undefined : await untilAnswered(input, url);
  if (signal.aborted) return;
  show.line('open');
  for (const { url: example, what } of view === undefined ? [] : exampleUrls(view, url)) {
    show.line(`  ${example}\n      ${what}`);
  }
  const mounts = [...(content?.volumes ?? []), ...(content?.proxies ?? [])].map(({ mount }) => `/${mount}/`);
  if (mounts.length > 0)
    show.line(`  ${url}${mounts[0]}\n      what this network serves itself, once it is published: ${mounts.join(', ')}`);
  showAccounts(identity, show);
  if (network.sample !== undefined) {
    show.line('change the sample: type a letter and Enter');
    for (const { key, help } of network.sample.commands) show.line(`  ${key}  ${help}`);
  }
  show.line(`the functions log to ${input.folder}/functions.log`);
  show.line(`ready ${url}`);
}

function showAccounts({ issuer, accounts }: LocalIdentity, show: Progress): void {
  const [first, ...others] = accounts;
  if (issuer === undefined || first === undefined) return;
  show.line('administer: this gives a token for Authorization: Bearer');
  show.line(`  curl -su ${first.name}:${first.secret} -d grant_type=client_credentials ${issuer.tokenUrl}`);
  if (others.length > 0) show.line(`  or as ${others.map(({ name, secret }) => `${name}:${secret}`).join(', ')}`);
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  // The signal alone keeps no process alive; the servers do.
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
