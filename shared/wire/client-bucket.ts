/**
 * What the CDN's viewer function says of a client, in two headers: `x-mirrortide-bucket: n=<cidr>;a=<asn>;c=<CC>` with unknown
 * parts left out, and `x-mirrortide-variant: 0..7`. Both are in the cache key, so one client state has one text. Parts that do not
 * parse are as if they were unknown: an answer for nobody in particular is always right.
 */
import { type Client, VARIANTS } from '#domain/selection/client.ts';
import { parseNetblock } from '#domain/selection/netblock.ts';

export const BUCKET_HEADER = 'x-mirrortide-bucket';
export const VARIANT_HEADER = 'x-mirrortide-variant';

const LARGEST_ASN = 0xffffffff;
/** Longer than any bucket. */
const MAXIMUM_TEXT = 120;

export const printClientBucket = (client: Client): { readonly bucket: string; readonly variant: string } => ({
  bucket: [
    client.netblock === undefined ? [] : [`n=${client.netblock}`],
    client.asn === undefined ? [] : [`a=${client.asn}`],
    client.country === undefined ? [] : [`c=${client.country}`],
  ]
    .flat()
    .join(';'),
  variant: String(client.variant),
});

const parseAsn = (text: string | undefined): number | undefined => {
  if (text === undefined || !/^[1-9][0-9]{0,9}$/.test(text)) return undefined;
  return Number(text) <= LARGEST_ASN ? Number(text) : undefined;
};

export const parseClientBucket = (bucket: string | undefined, variant: string | undefined): Client => {
  const parts = new Map<string, string>();
  for (const part of (bucket ?? '').slice(0, MAXIMUM_TEXT).split(';')) parts.set(part.slice(0, 2), part.slice(2));
  const netblock = parts.get('n=');
  const country = parts.get('c=');
  const number = Number(variant);
  return {
    netblock: netblock !== undefined && parseNetblock(netblock) !== undefined ? netblock : undefined,
    asn: parseAsn(parts.get('a=')),
    country: country !== undefined && /^[A-Z]{2}$/.test(country) ? country : undefined,
    variant: /^[0-9]$/.test(variant ?? '') && number < VARIANTS ? number : 0,
  };
};
