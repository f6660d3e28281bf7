import type { CrawlPolicy } from '#domain/inventory/inventory.ts';
import type { FileLister } from '#ports/file-lister.ts';
import { addressGuard } from './address-guard.ts';
import { type ClosableHttpPeer, httpPeer } from './http-peer.ts';
import { PRODUCT_VERSION as version } from './product-version.ts';
import { rsyncLister } from './rsync-lister.ts';

export interface NetworkPeers {
  readonly http: ClosableHttpPeer;
  readonly lister: FileLister;
}

/** What asks other people's servers as the network's policy says: identity, address guard, ports, connections. */
export const networkPeers = (policy: CrawlPolicy): NetworkPeers => {
  const { contact, allowedAddresses, allowedPorts, connectionsPerHost: maxSocketsPerHost } = policy;
  const guard = addressGuard({ allow: allowedAddresses });
  return {
    http: httpPeer({ guard, version, contact, maxSocketsPerHost, allowedPorts }),
    lister: rsyncLister({ guard, allowedPorts: allowedPorts === 'any' ? 'any' : [873, ...allowedPorts] }),
  };
};
