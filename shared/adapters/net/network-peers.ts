import type { CrawlPolicy } from '#domain/inventory/inventory.ts';
import type { FileLister } from '#ports/file-lister.ts';
import { addressGuard } from './address-guard.ts';
import type { ClosableHttpPeer } from './http-peer.ts';
import { policyHttpPeer } from './policy-http-peer.ts';
import { rsyncLister } from './rsync-lister.ts';

export interface NetworkPeers {
  readonly http: ClosableHttpPeer;
  readonly lister: FileLister;
}

/** What asks other people's servers of either kind as the network's policy says. */
export const networkPeers = (policy: CrawlPolicy): NetworkPeers => {
  const { allowedAddresses, allowedPorts } = policy;
  const guard = addressGuard({ allow: allowedAddresses });
  return {
    http: policyHttpPeer(policy),
    lister: rsyncLister({ guard, allowedPorts: allowedPorts === 'any' ? 'any' : [873, ...allowedPorts] }),
  };
};
