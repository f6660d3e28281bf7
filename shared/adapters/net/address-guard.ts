import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * Decides which addresses the system may connect to. Mirror URLs come from strangers, and a crawler inside a cloud account can
 * reach what a stranger cannot: the metadata service, private networks, itself. Every outgoing connection to a host somebody
 * else named goes through one guard, three times: `checkHost` before connecting (an address written in the URL skips name
 * resolution), `lookup` while connecting, `check` on the socket's remote address afterwards.
 */
export interface AddressGuard {
  /** For an address, zone and brackets not allowed. */
  check(address: string): AddressVerdict;
  /** For the host part of a URL, brackets allowed: names pass, since `lookup` will see what they resolve to. */
  checkHost(host: string): AddressVerdict;
  /** For the `lookup` option of node:net, node:tls and node:http(s). Fails with AddressRefused when no allowed address is left. */
  readonly lookup: LookupFunction;
}

export type AddressVerdict = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

export interface AddressGuardOptions {
  /** CIDRs (or single addresses) an operator trusts although they are not public, e.g. '127.0.0.0/8'. Throws on anything else. */
  readonly allow?: readonly string[];
  /** The name service; the system's unless a test brings its own. */
  readonly resolve?: (
    host: string,
    options: { all: true; family?: number | 'IPv4' | 'IPv6' | undefined; hints?: number | undefined },
    done: (error: Error | null, addresses: { address: string; family: number }[]) => void,
  ) => void;
}

export class AddressRefused extends Error {
  readonly code = 'ERR_ADDRESS_REFUSED';
  readonly host: string;

  constructor(host: string, reason: string) {
    super(`${host} is not a public address: ${reason}`);
    this.name = 'AddressRefused';
    this.host = host;
  }
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = readonly [Address, number];

// Credentials or control planes of AWS, GCP, Azure (the one public address among them), Alibaba and Oracle. Unlike other special
// addresses no allow list opens them: nobody's mirror lives there, and a wide range in a network file must not include them.
const METADATA = new Set(
  [
    '169.254.169.254',
    '169.254.170.2',
    '169.254.170.23',
    '168.63.129.16',
    '100.100.100.200',
    '192.0.0.192',
    'fd00:ec2::254',
    'fd00:ec2::23',
    'fd20:ce::254',
  ].map((address) => ipaddr.parse(address).toString()),
);

// IANA gives out unicast addresses from this block only; what lies outside is special or unused (RFC 4291 2.4).
const GLOBAL_V6: Range = [ipaddr.parse('2000::'), 3];
const NAT64: Range = [ipaddr.parse('64:ff9b::'), 96];

const within = (address: Address, [network, bits]: Range): boolean =>
  // The package's `match` throws on mixed families.
  address.kind() === network.kind() && address.match(network, bits);

const parseRange = (text: string): Range => {
  const [address = '', bits] = text.split('/');
  if (isIP(address) === 0) throw new TypeError(`not an address range: ${text}`);
  return ipaddr.parseCIDR(bits === undefined ? `${text}/${isIP(text) === 6 ? 128 : 32}` : text);
};

/** The same address under IPv4-mapped spelling reaches the same machine, so both spellings get one verdict. */
const unmapped = (address: Address): Address =>
  address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;

/** The IPv4 address that a translator or relay would really talk to: NAT64 (RFC 6052, the well-known prefix), 6to4 (RFC 3056). */
const carriedV4 = (address: Address): ipaddr.IPv4 | undefined => {
  if (address.kind() !== 'ipv6') return undefined;
  const bytes = address.toByteArray();
  if (within(address, NAT64)) return new ipaddr.IPv4(bytes.slice(12, 16));
  return address.range() === '6to4' ? new ipaddr.IPv4(bytes.slice(2, 6)) : undefined;
};

/** The package takes `::1.2.3.4` for the IPv4-mapped `::ffff:1.2.3.4`; written in hexadecimal it does not. */
const withoutDots = (address: string): string =>
  address.includes(':')
    ? address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
        const half = (high: string, low: string): string => (Number(high) * 256 + Number(low)).toString(16);
        return `${half(a, b)}:${half(c, d)}`;
      })
    : address;

const refused = (reason: string): AddressVerdict => ({ allowed: false, reason });
const ALLOWED: AddressVerdict = { allowed: true };

const verdictOnPublic = (address: Address): AddressVerdict => {
  const carried = carriedV4(address);
  if (carried !== undefined) {
    const verdict = METADATA.has(carried.toString()) ? refused('cloud metadata') : verdictOnPublic(carried);
    return verdict.allowed ? ALLOWED : refused(`carries ${carried.toString()} (${verdict.reason})`);
  }
  const range = address.range();
  if (range !== 'unicast') return refused(range);
  return address.kind() === 'ipv6' && !within(address, GLOBAL_V6) ? refused('outside global unicast') : ALLOWED;
};

const verdictOn = (text: string, allow: readonly Range[]): AddressVerdict => {
  // node's parser and not the package's, which also reads 0x7f.1, 2130706433 and other forms of inet_aton.
  if (isIP(text) === 0) return refused('not an IP address');
  if (text.includes('%')) return refused('an address with a zone is local');
  const address = unmapped(ipaddr.parse(withoutDots(text)));
  if (METADATA.has(address.toString())) return refused('cloud metadata');
  return allow.some((range) => within(address, range)) ? ALLOWED : verdictOnPublic(address);
};

const guardedLookup =
  (check: AddressGuard['check'], resolve: NonNullable<AddressGuardOptions['resolve']>): LookupFunction =>
  (host, options, done) => {
    resolve(host, { all: true, family: options.family, hints: options.hints }, (error, found) => {
      if (error) return done(error, '');
      const verdicts = found.map((one) => ({ one, verdict: check(one.address) }));
      const allowed = verdicts.filter(({ verdict }) => verdict.allowed).map(({ one }) => one);
      const [first] = allowed;
      if (first !== undefined) return options.all ? done(null, allowed) : done(null, first.address, first.family);
      const reasons = verdicts.map(({ one, verdict }) => `${one.address} ${verdict.allowed ? '' : verdict.reason}`);
      return done(new AddressRefused(host, reasons.slice(0, 4).join(', ') || 'the name has no address'), '');
    });
  };

export const addressGuard = (options: AddressGuardOptions = {}): AddressGuard => {
  const allow = (options.allow ?? []).map(parseRange);
  const check = (address: string): AddressVerdict => verdictOn(address, allow);
  const checkHost = (host: string): AddressVerdict => {
    if (host.startsWith('[')) return host.endsWith(']') ? check(host.slice(1, -1)) : refused('not an IP address');
    return isIP(host) === 0 ? ALLOWED : check(host);
  };
  return { check, checkHost, lookup: guardedLookup(check, options.resolve ?? systemLookup) };
};
