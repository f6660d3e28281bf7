import type { CrawlPolicy } from '#domain/inventory/inventory.ts';

/** What asks other people's servers as a policy says, made anew only when the policy changes, so that a warm process keeps its connections. */
export const byPolicy = <Peers>(make: (policy: CrawlPolicy) => Peers): ((policy: CrawlPolicy) => Peers) => {
  let known: { readonly policy: string; readonly peers: Peers } | undefined;
  return (policy) => {
    const text = JSON.stringify(policy);
    if (known?.policy !== text) known = { policy: text, peers: make(policy) };
    return known.peers;
  };
};
