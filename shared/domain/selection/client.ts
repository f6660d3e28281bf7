/**
 * What an answer may know of a client: not its address, but the bucket that the CDN's viewer function put it in. The bucket is in
 * the cache key, so an answer that depends on it can be cached; anything finer could not.
 */
import type { CountryCode } from '../inventory/inventory.ts';

export interface Client {
  /** The longest registered netblock that contains the client, as CIDR text. */
  readonly netblock: string | undefined;
  /** Known only when some host serves this autonomous system first. */
  readonly asn: number | undefined;
  readonly country: CountryCode | undefined;
  /** 0 to 7, from a hash of the address: spreads clients of one bucket over differently shuffled lists. */
  readonly variant: number;
}

export const VARIANTS = 8;

/** Nothing is known: the client of static lists, who is offered only hosts that serve everyone. */
export const UNKNOWN_CLIENT: Client = { netblock: undefined, asn: undefined, country: undefined, variant: 0 };
