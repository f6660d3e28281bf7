import type { CrawlPolicy } from '#domain/inventory/inventory.ts';
import type { HttpPeer } from '#ports/http-peer.ts';
import { addressGuard } from './address-guard.ts';
import { byPolicy } from './by-policy.ts';
import { httpPeer } from './http-peer.ts';
import { PRODUCT_VERSION as version } from './product-version.ts';

/** Asks other people's HTTP servers as the network's policy says: addresses, ports, connections, and who is to be called. */
export const policyHttpPeer = (): ((policy: CrawlPolicy) => HttpPeer) =>
  byPolicy(({ contact, allowedAddresses, allowedPorts, connectionsPerHost: maxSocketsPerHost }) =>
    httpPeer({ guard: addressGuard({ allow: allowedAddresses }), version, contact, maxSocketsPerHost, allowedPorts }),
  );
