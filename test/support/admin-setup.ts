import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamoAdministeredInventory } from '#adapters/aws/dynamo-administered-inventory.ts';
import { dynamoHostTokens } from '#adapters/aws/dynamo-host-tokens.ts';
import { dynamoInventoryStore } from '#adapters/aws/dynamo-inventory-store.ts';
import { dynamoProofChallenges } from '#adapters/aws/dynamo-proof-challenges.ts';
import type { Inventory } from '#domain/inventory/inventory.ts';
import type { HttpOutcome } from '#ports/http-peer.ts';
import type { HttpCall, HttpReply } from '#wire/api/http-call.ts';
import { parseNetworkFile } from '#wire/network-file/parse-network-file.ts';
import { adminApi } from '../../functions/admin-api/admin-api.ts';
import type { AdminDeps } from '../../functions/admin-api/admin-deps.ts';
import { heldNetwork } from '../../functions/admin-api/held-network.ts';
import { freshTable } from '../contract/places.ts';
import type { EmulatorsInTest } from './emulators.ts';
import { tableContents } from './table-contents.ts';

export const NOW = Date.UTC(2026, 0, 15, 12);

/** Two sites with one host each, their admins alice and bob; administrators are in the group `wranglers`. */
export const NETWORK = {
  network: { name: 'Test', contact: 'admin@example.org' },
  policies: { access: { administratorGroups: ['wranglers'] } },
  categories: [
    { id: 'extras', master: { rsync: 'rsync://master.example.org/extras', heads: 'https://master.example.org/extras' } },
    { id: 'linux', master: { rsync: 'rsync://master.example.org/linux', heads: 'https://master.example.org/linux' } },
  ],
  sites: [
    { id: 'alpha', name: 'Alpha University', admins: ['alice'] },
    { id: 'beta', admins: ['bob'] },
  ],
  hosts: [
    {
      id: 'a.example.org',
      site: 'alpha',
      country: 'DE',
      carries: [{ category: 'linux', urls: ['https://a.example.org/linux'] }],
    },
    {
      id: 'b.example.org',
      site: 'beta',
      country: 'NZ',
      carries: [{ category: 'linux', urls: ['https://b.example.org/linux'] }],
    },
  ],
};

export const inventoryOf = (document: unknown): Inventory => {
  const parsed = parseNetworkFile(document, (path) => path);
  if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.problems));
  return parsed.inventory;
};

export type Who = 'wendy' | 'alice' | 'bob' | 'carol' | 'nobody';

export const claimsOf = (who: Who): HttpCall['claims'] => {
  if (who === 'nobody') return undefined;
  return { sub: who, groups: who === 'wendy' ? ['staff', 'wranglers'] : ['staff'] };
};

export interface AskOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly claims?: HttpCall['claims'];
}

export interface AdminSetup {
  readonly deps: AdminDeps;
  readonly clock: { nowMs: number };
  /** Files by URL, TXT records by name: what the outside world shows. */
  readonly world: { readonly files: Map<string, HttpOutcome>; readonly records: Map<string, readonly string[]> };
  readonly logged: string[];
  send(call: Partial<HttpCall>): Promise<HttpReply>;
  ask(who: Who, method: string, path: string, options?: AskOptions): Promise<HttpReply>;
  /** A second instance of the function on the same tables. */
  another(): AdminSetup;
  /** Every item of both tables, as text; whoever writes nothing leaves it as it is. */
  contents(): Promise<string>;
  inventory(): Promise<Inventory>;
}

export const answered = (body: string, url: string, status = 200): HttpOutcome => ({
  kind: 'answered',
  status,
  headers: {},
  body: new TextEncoder().encode(body),
  url,
});

const dependencies = (
  dynamo: DynamoDBClient,
  tables: { readonly inventory: string; readonly hosts: string },
  world: AdminSetup['world'],
  logged: string[],
): AdminDeps => {
  const inventory = dynamoAdministeredInventory(dynamo, tables.inventory);
  const request = async ({ url }: { readonly url: string }): Promise<HttpOutcome> =>
    world.files.get(url) ?? answered('not here', url, 404);
  return {
    inventory,
    network: heldNetwork(inventory),
    tokens: dynamoHostTokens(dynamo, tables.hosts),
    challenges: dynamoProofChallenges(dynamo, tables.inventory),
    peer: () => ({ request, stream: request }),
    textRecords: { lookup: async (name) => world.records.get(name) ?? [] },
    clock: { now: Date.now },
    newId: randomUUID,
    newChallenge: () => randomUUID().replaceAll('-', ''),
    log: {
      info: () => undefined,
      warn: (message, fields) =>
        void logged.push(`${message} ${String(fields?.['error'])} ${String((fields?.['error'] as Error | undefined)?.cause)}`),
      error: (message, fields) => void logged.push(`${message} ${String((fields?.['error'] as Error | undefined)?.stack)}`),
    },
  };
};

/** The function over real tables of the emulator, with the network applied. */
export const adminSetup = async (emulators: EmulatorsInTest, network: unknown = NETWORK): Promise<AdminSetup> => {
  const dynamo = emulators.dynamoDb({ maxAttempts: 3 });
  const tables = {
    inventory: await freshTable(dynamo, emulators.freshName('inventory'), 'kind', 'id'),
    hosts: await freshTable(dynamo, emulators.freshName('hosts'), 'pk', 'sk'),
  };
  await dynamoInventoryStore(dynamo, tables.inventory).apply(inventoryOf(network));
  const clock = { nowMs: NOW };
  const world = { files: new Map<string, HttpOutcome>(), records: new Map<string, readonly string[]>() };
  const instance = (): AdminSetup => {
    const logged: string[] = [];
    const deps = dependencies(dynamo, tables, world, logged);
    const send = (call: Partial<HttpCall>): Promise<HttpReply> =>
      adminApi(deps, {
        method: 'GET',
        path: '/',
        query: '',
        headers: {},
        body: '',
        arrivedMs: clock.nowMs,
        sourceIp: '192.0.2.1',
        certificateSubject: undefined,
        claims: undefined,
        ...call,
      });
    return {
      deps,
      clock,
      world,
      logged,
      send,
      ask: (who, method, path, { body, headers = {}, query = '', claims = claimsOf(who) } = {}) =>
        send({
          method,
          path,
          query,
          claims,
          headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
          body: body === undefined ? '' : JSON.stringify(body),
        }),
      another: instance,
      contents: async () => {
        const all = [...(await tableContents(dynamo, tables.inventory)), ...(await tableContents(dynamo, tables.hosts))];
        return all.toSorted().join('\n');
      },
      inventory: () => dynamoInventoryStore(dynamo, tables.inventory).load(),
    };
  };
  return instance();
};

export const told = ({ statusCode, body }: HttpReply): unknown => [statusCode, body === '' ? undefined : JSON.parse(body)];
export const bodyOf = ({ body }: HttpReply): unknown => JSON.parse(body);
