import { createHash } from 'node:crypto';
import type { Facts, Observation } from '#domain/crawl/observation.ts';
import type { Host, Inventory } from '#domain/inventory/inventory.ts';
import type { Manifest } from '#domain/master/manifest.ts';
import { assembleSnapshot } from '#domain/snapshot/assemble.ts';
import type { SnapshotCarrier, SnapshotDocument } from '#domain/snapshot/document.ts';
import type { HttpCall, HttpReply } from '#wire/api/http-call.ts';
import { printHostToken } from '#wire/host-token.ts';
import { answerCheckIn } from '../../functions/hosts-api/answer-check-in.ts';
import { answerReport } from '../../functions/hosts-api/answer-report.ts';
import type { CheckInDeps } from '../../functions/hosts-api/hosts-deps.ts';
import { networkReads } from '../../functions/hosts-api/network-reads.ts';
import { aHost, aManifest, anInventory, START } from './a-network.ts';
import {
  memoryCheckInHints,
  memoryCrawlQueue,
  memoryFactsStore,
  memoryInventoryStore,
  memoryLog,
  memoryManifestStore,
  memoryObservationStore,
  memoryPublishRequests,
  testClock,
} from './memory-stores.ts';

const TOKEN_ID = '0123456789ab';
const SECRET = 'A'.repeat(43);

/** The token of a host, as the store in this test knows it. */
export const tokenOf = (host: string): string => printHostToken({ host, tokenId: TOKEN_ID, secret: SECRET });

export const aCall = (change: Partial<HttpCall> = {}): HttpCall => ({
  method: 'POST',
  path: '/api/v1/checkins',
  query: '',
  headers: {},
  body: '',
  arrivedMs: START,
  sourceIp: '192.0.2.1',
  certificateSubject: undefined,
  claims: undefined,
  ...change,
});

export interface CheckInSetup {
  readonly host?: Partial<Host>;
  readonly inventory?: Partial<Inventory>;
  readonly manifest?: Manifest | undefined;
  readonly scanned?: boolean;
}

/** A network with the host `m1` and the category `linux`, and everything that a check-in touches, in memory. */
export const checkInWorld = async (setup: CheckInSetup = {}) => {
  const inventory = anInventory([aHost('m1', setup.host), aHost('m2')], setup.inventory);
  const clock = testClock(START);
  const log = memoryLog();
  const manifests = memoryManifestStore();
  const publishManifest = async (manifest: Manifest): Promise<string> => {
    const present = await manifests.pointer(manifest.category);
    await manifests.publish(manifest, present?.generation, clock.now());
    return (await manifests.pointer(manifest.category))?.name ?? '';
  };
  if (setup.scanned !== false) await publishManifest(setup.manifest ?? aManifest());
  const crawls = memoryCrawlQueue();
  const publish = memoryPublishRequests();
  const observations = memoryObservationStore();
  const inventories = memoryInventoryStore(inventory);
  const deps: CheckInDeps = {
    tokens: {
      verify: async (token) => {
        const host = ['m1', 'm2', 'gone'].find((id) => token === tokenOf(id));
        return host === undefined ? undefined : { host, tokenId: TOKEN_ID };
      },
    },
    reads: networkReads(inventories, manifests, clock, log),
    manifests,
    observations,
    facts: memoryFactsStore(),
    hints: memoryCheckInHints(),
    crawls,
    publish,
    clock,
    pause: async (ms) => clock.advance(ms),
    log,
  };
  const send = async (body: unknown, host = 'm1'): Promise<HttpReply> =>
    answerCheckIn(deps, aCall({ headers: { authorization: `Bearer ${tokenOf(host)}` }, body: JSON.stringify(body) }));
  /** The entry of one category's check-in in the answer. */
  const say = async (claim: object = {}, host = 'm1'): Promise<Record<string, unknown>> => {
    const reply = await send({ categories: [{ id: 'linux', ...claim }] }, host);
    return (JSON.parse(reply.body) as { categories: Record<string, unknown>[] }).categories[0] ?? {};
  };
  const report = async (body: string): Promise<HttpReply> => answerReport(deps, aCall({ path: '/xmlrpc', body }));
  const seen = async (): Promise<Observation | undefined> => (await observations.list('linux')).find(({ host }) => host === 'm1');
  const facts = async (): Promise<Facts | undefined> => {
    const name = (await seen())?.facts;
    return name === undefined ? undefined : await deps.facts.get('linux', name);
  };
  const published = async (manifest: Manifest): Promise<SnapshotDocument> => {
    const stored = await facts();
    const name = (await seen())?.facts;
    const byName = new Map(stored === undefined || name === undefined ? [] : [[name, stored]]);
    return assembleSnapshot(await inventories.load(), [manifest], await observations.list('linux'), byName, clock.now());
  };
  /** How a snapshot that is published now names the host. */
  const carrier = async (manifest: Manifest = setup.manifest ?? aManifest()): Promise<SnapshotCarrier | undefined> =>
    (await published(manifest)).carriers[0];
  /** Lists of standings that the host is in, for a directory relative to the category. */
  const standing = async (path: string, manifest: Manifest = setup.manifest ?? aManifest()): Promise<readonly string[]> => {
    const { directories, standings } = await published(manifest);
    const found = standings[directories.find((directory) => directory.path === `pub/linux/${path}`)?.standings ?? -1];
    return Object.entries(found ?? {}).flatMap(([name, carriers]) => (carriers.includes(0) ? [name] : []));
  };
  return { deps, clock, log, inventories, crawls, publish, publishManifest, send, say, report, seen, facts, carrier, standing };
};

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
