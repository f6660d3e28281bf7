import type { CrawlPolicy } from '#domain/inventory/inventory.ts';
import type { Peers } from './check-mirror.ts';

/** Peers for a policy, made anew only when the policy changes, so that a warm process keeps its connections. */
export const networkPeers = (make: (policy: CrawlPolicy) => Peers): ((policy: CrawlPolicy) => Peers) => {
  let known: { readonly policy: string; readonly peers: Peers } | undefined;
  return (policy) => {
    const text = JSON.stringify(policy);
    if (known?.policy !== text) known = { policy: text, peers: make(policy) };
    return known.peers;
  };
};
