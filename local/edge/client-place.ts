import { readFile } from 'node:fs/promises';
import { type AsnResponse, type CountryResponse, Reader, type Response } from 'maxmind';

/** Where a client is, as the CDN's own headers would say it. */
export interface ClientPlace {
  readonly country: string | undefined;
  readonly asn: number | undefined;
}

export interface TestClient extends ClientPlace {
  readonly address: string;
}

export type PlaceLookup = (address: string) => ClientPlace;

const NOWHERE: ClientPlace = { country: undefined, asn: undefined };
const TEST_CLIENT = /^\s*([0-9a-fA-F.:]{2,45})((?:\s*,\s*(?:country=[A-Za-z]{2}|asn=[1-9]\d{0,9}))*)\s*$/;

/** `<ip>[,country=CC][,asn=N]`; `undefined` when it is not that. Parts that are not given are looked up. */
export function parseTestClient(header: string, lookUp: PlaceLookup): TestClient | undefined {
  const match = TEST_CLIENT.exec(header);
  const address = match?.[1];
  if (address === undefined) return undefined;
  const country = /country=([A-Za-z]{2})/.exec(match?.[2] ?? '')?.[1]?.toUpperCase();
  const asn = /asn=(\d+)/.exec(match?.[2] ?? '')?.[1];
  const place = lookUp(address);
  return { address, country: country ?? place.country, asn: asn === undefined ? place.asn : Number(asn) };
}

/** Both MaxMind's layout and the flat one of free databases are in use. */
type GeoRecord = Response & Partial<CountryResponse> & Partial<AsnResponse> & { readonly country_code?: string };

/** Looks an address up in country and ASN databases (`.mmdb`); what none of them knows is `fallback`'s. */
export async function databasePlaces(files: readonly string[], fallback: ClientPlace = NOWHERE): Promise<PlaceLookup> {
  const readers = await Promise.all(files.map(async (file) => new Reader<GeoRecord>(await readFile(file))));
  return (address) => {
    const records = readers.map((reader) => lookUp(reader, address));
    return {
      country: firstOf(records, (record) => record.country?.iso_code ?? record.country_code) ?? fallback.country,
      asn: firstOf(records, (record) => record.autonomous_system_number) ?? fallback.asn,
    };
  };
}

function lookUp(reader: Reader<GeoRecord>, address: string): GeoRecord | undefined {
  // The reader would walk an IPv4 tree by the first bits of an IPv6 address, and find somebody else.
  if (reader.metadata.ipVersion === 4 && address.includes(':')) return undefined;
  try {
    return reader.get(address) ?? undefined;
  } catch {
    // Not an address: nothing is known of it.
    return undefined;
  }
}

function firstOf<T>(records: readonly (GeoRecord | undefined)[], pick: (record: GeoRecord) => T | undefined): T | undefined {
  for (const record of records) {
    const value = record === undefined ? undefined : pick(record);
    if (value !== undefined) return value;
  }
  return undefined;
}
