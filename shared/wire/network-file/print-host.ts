import type * as v from 'valibot';
import type { Host } from '#domain/inventory/inventory.ts';
import { carriageSchema, hostSchema } from './host-schema.ts';
import { said } from './said.ts';

export type HostDocument = v.InferInput<typeof hostSchema>;

/** In the network file's own shape; the bandwidth is a number, as programs like it. A host that is its own site names none. */
export const printHost = ({ bandwidthMbps, ...host }: Host): HostDocument =>
  said(hostSchema, {
    id: host.id,
    site: host.site === host.id ? undefined : host.site,
    country: host.country,
    region: host.region,
    provider: host.provider,
    tier: host.tier,
    bandwidth: bandwidthMbps,
    private: host.private,
    ownerActive: host.ownerActive,
    adminActive: host.adminActive,
    pending: host.pending,
    asn: host.asn,
    asnClients: host.asnClients,
    peerAsns: host.peerAsns,
    netblocks: host.netblocks,
    countriesAllowed: host.countriesAllowed,
    contacts: host.contacts,
    comment: host.comment,
    carries: host.carries.map((carriage) => said(carriageSchema, carriage)),
  });
