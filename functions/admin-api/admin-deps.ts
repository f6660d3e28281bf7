import type { Actor } from '#domain/access/actor.ts';
import type { AccessContext } from '#domain/access/permissions.ts';
import type { CrawlPolicy } from '#domain/inventory/inventory.ts';
import type { AdministeredInventory } from '#ports/administered-inventory.ts';
import type { Clock } from '#ports/clock.ts';
import type { HostTokens } from '#ports/host-tokens.ts';
import type { HttpPeer } from '#ports/http-peer.ts';
import type { Log } from '#ports/log.ts';
import type { ProofChallenges } from '#ports/proof-challenges.ts';
import type { TextRecords } from '#ports/text-records.ts';
import type { HttpCall } from '#wire/api/http-call.ts';
import type { HeldNetwork, NetworkAt } from './held-network.ts';

export interface AdminDeps {
  readonly inventory: AdministeredInventory;
  readonly network: HeldNetwork;
  readonly tokens: HostTokens;
  readonly challenges: ProofChallenges;
  /** Reads from servers that strangers named, under the network's own rules of which addresses are allowed. */
  readonly peer: (policy: CrawlPolicy) => HttpPeer;
  readonly textRecords: TextRecords;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Lower-case letters and digits that nobody guesses. */
  readonly newChallenge: () => string;
  readonly log: Log;
}

export type User = Extract<Actor, { kind: 'user' }>;

/** One request of somebody who is known, on a path that exists, by a method that it has. */
export interface AdminRequest {
  readonly deps: AdminDeps;
  readonly call: HttpCall;
  readonly user: User;
  /** The parts of the path that its route leaves open. */
  readonly params: readonly string[];
  /** Checked: no other parameters than the route's. */
  readonly query: Readonly<Record<string, string | undefined>>;
  /** As it was when the request came. */
  readonly network: NetworkAt;
}

export const accessTo = ({ inventory }: NetworkAt): AccessContext => ({
  sites: inventory.sites,
  policy: inventory.settings.access,
});
