/**
 * What speaks against a carrier for one client before anybody asks how near it is. Limits that a host's admin set (its countries)
 * hold in every tier, also for its own netblocks; MirrorManager's present server forgot them for the client's country and
 * continent. A client whose country is not known is in nobody's list of countries.
 */
import type { SnapshotCarrier, SnapshotHost, SnapshotUrl } from '../snapshot/document.ts';
import type { Client } from './client.ts';
import type { ExclusionReason } from './selection.ts';

export interface EligibilityRules {
  readonly client: Client;
  readonly embargoed: boolean;
  readonly protocols: readonly string[];
}

export const isEmbargoed = (embargoedCountries: readonly string[], client: Client): boolean =>
  client.country !== undefined && embargoedCountries.includes(client.country);

/** Public and without a limit on countries. */
export const servesEveryone = (host: SnapshotHost): boolean => !host.private && host.countriesAllowed.length === 0;

const isAllowedCountry = (host: SnapshotHost, client: Client): boolean =>
  host.countriesAllowed.length === 0 || (client.country !== undefined && host.countriesAllowed.includes(client.country));

/** The URLs of the asked protocols, in the carrier's order (https, http, rsync). */
export const urlsOfProtocols = (carrier: SnapshotCarrier, protocols: readonly string[]): readonly SnapshotUrl[] =>
  carrier.urls.every((url) => protocols.includes(url.protocol))
    ? carrier.urls
    : carrier.urls.filter((url) => protocols.includes(url.protocol));

export const reasonAgainst = (
  carrier: SnapshotCarrier,
  host: SnapshotHost,
  rules: EligibilityRules,
): ExclusionReason | undefined => {
  if (carrier.state !== 'serving') return { kind: 'carrier', state: carrier.state };
  if (rules.embargoed) return { kind: 'client-embargoed', country: rules.client.country ?? '' };
  if (!isAllowedCountry(host, rules.client)) return { kind: 'country-not-allowed', allowed: host.countriesAllowed };
  if (!carrier.urls.some((url) => rules.protocols.includes(url.protocol))) {
    return { kind: 'no-such-protocol', protocols: rules.protocols };
  }
  return undefined;
};
