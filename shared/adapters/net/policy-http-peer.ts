import type { CrawlPolicy } from '#domain/inventory/inventory.ts';
import { addressGuard } from './address-guard.ts';
import { type ClosableHttpPeer, httpPeer } from './http-peer.ts';
import { PRODUCT_VERSION as version } from './product-version.ts';

/** Asks other people's HTTP servers as the network's policy says: identity, address guard, ports, connections. */
export const policyHttpPeer = (policy: CrawlPolicy): ClosableHttpPeer => {
  const { contact, allowedAddresses, allowedPorts, connectionsPerHost: maxSocketsPerHost } = policy;
  return httpPeer({ guard: addressGuard({ allow: allowedAddresses }), version, contact, maxSocketsPerHost, allowedPorts });
};
