import { randomBytes, randomUUID } from 'node:crypto';
import { dynamoClient } from '#adapters/aws/clients.ts';
import { dynamoAdministeredInventory } from '#adapters/aws/dynamo-administered-inventory.ts';
import { dynamoHostTokens } from '#adapters/aws/dynamo-host-tokens.ts';
import { dynamoProofChallenges } from '#adapters/aws/dynamo-proof-challenges.ts';
import { addressGuard } from '#adapters/net/address-guard.ts';
import { dnsTextRecords } from '#adapters/net/dns-text-records.ts';
import { httpPeer } from '#adapters/net/http-peer.ts';
import { PRODUCT_VERSION as version } from '#adapters/net/product-version.ts';
import { httpApi } from '#lambda/http-api.ts';
import { jsonLog } from '#lambda/json-log.ts';
import { adminApi } from './admin-api.ts';
import type { AdminDeps } from './admin-deps.ts';
import { CHALLENGE_BYTES, PEER_SOCKETS, parseConfig } from './config.ts';
import { heldNetwork } from './held-network.ts';

const config = parseConfig(process.env);
const dynamo = dynamoClient();
const inventory = dynamoAdministeredInventory(dynamo, config.inventoryTable);
const deps: AdminDeps = {
  inventory,
  network: heldNetwork(inventory),
  tokens: dynamoHostTokens(dynamo, config.hostTable),
  challenges: dynamoProofChallenges(dynamo, config.inventoryTable),
  peer: ({ contact, allowedAddresses, allowedPorts }) => {
    const guard = addressGuard({ allow: allowedAddresses });
    return httpPeer({ guard, version, contact, maxSocketsPerHost: PEER_SOCKETS, allowedPorts });
  },
  textRecords: dnsTextRecords(),
  clock: { now: Date.now },
  newId: randomUUID,
  newChallenge: () => randomBytes(CHALLENGE_BYTES).toString('hex'),
  log: jsonLog(),
};

export const handler = httpApi((call) => adminApi(deps, call));
