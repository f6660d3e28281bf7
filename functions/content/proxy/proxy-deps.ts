import type { CrawlPolicy } from '#domain/inventory/inventory.ts';
import type { Clock } from '#ports/clock.ts';
import type { HttpPeer } from '#ports/http-peer.ts';
import type { Log } from '#ports/log.ts';
import type { ProxiedBytes } from '#ports/proxied-bytes.ts';
import type { ProxiedCopies } from '#ports/proxied-copies.ts';
import type { Found } from './found.ts';
import { type SharedWork, sharedWork } from './shared-work.ts';

/** How often clients got what was here, waited for upstream, got something old, or got nothing. */
export type ProxyMetric = 'ProxyHits' | 'ProxyMisses' | 'ProxyStale' | 'ProxyFailures';

export interface ProxyPorts {
  readonly copies: ProxiedCopies;
  readonly bytes: ProxiedBytes;
  /** Asks other people's servers as the network's policy says. */
  readonly peer: (policy: CrawlPolicy) => HttpPeer;
  readonly clock: Clock;
  /** Resolves after so many milliseconds. */
  readonly pause: (ms: number) => Promise<unknown>;
  /** A text that was never returned before. */
  readonly newId: () => string;
  readonly log: Log;
  readonly count: (metric: ProxyMetric) => void;
}

export interface ProxyDeps extends ProxyPorts {
  /** What this process finds out now, by what it is about. */
  readonly searches: SharedWork<Found>;
}

export const proxyDeps = (ports: ProxyPorts): ProxyDeps => ({ ...ports, searches: sharedWork() });
