/**
 * The names of a network's content host: a generic one, and one for each place where clients are, `mirror.REGION.PROVIDER.DOMAIN`, in
 * lower case as OpenDev generated them. A certificate's wildcard covers one label only, so `mirror-REGION-PROVIDER.DOMAIN` means the
 * same. Any other name, and an address, is the generic place: a client that followed an old name gets content and no error.
 */
export interface Place {
  readonly region: string;
  readonly provider: string;
}

export interface HostNames {
  /** Without it there are no names of places. */
  readonly domain: string | undefined;
  readonly places: readonly Place[];
}

/** A name has 253 characters at most (RFC 1035), and a port five. */
const LONGEST_HOST = 259;

/** Names of one place: the dotted one, then the one for wildcard certificates. */
export const namesOfPlace = (domain: string, { region, provider }: Place): readonly [string, string] => [
  `mirror.${region}.${provider}.${domain}`,
  `mirror-${region}-${provider}.${domain}`,
];

/** Name or address, and port, in lower case; undefined for what is neither. */
export const hostName = (header: string | undefined): string | undefined => {
  const host = header?.trim().toLowerCase() ?? '';
  return host.length <= LONGEST_HOST && /^(?:[a-z0-9_](?:[a-z0-9._-]*[a-z0-9._])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/.test(host)
    ? host
    : undefined;
};

/** The place that a `Host` header means; undefined for the generic one. */
export const placeOfHost = ({ domain, places }: HostNames, host: string | undefined): Place | undefined => {
  if (domain === undefined || host === undefined) return undefined;
  const name = host
    .trim()
    .toLowerCase()
    .replace(/:\d{1,5}$/, '')
    .replace(/\.$/, '');
  return places.find((place) => namesOfPlace(domain, place).includes(name));
};
