import ipaddr from 'ipaddr.js';
import * as v from 'valibot';
import { type Parsed, parsedBy } from './scalars.ts';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;
export interface Netblock {
  readonly network: Address;
  readonly bits: number;
}

// Stricter than ipaddr.js, which also reads `127.1`, `0x7f000001` and octal parts: what those mean depends on the reader.
const DECIMAL_PART = '(?:0|[1-9]\\d{0,2})';
const IPV4 = new RegExp(`^${DECIMAL_PART}(?:\\.${DECIMAL_PART}){3}$`);

/** An address as people write it; zones (`%eth0`) are refused, IPv4-mapped IPv6 becomes IPv4. */
export const parseAddress = (input: string): Address | undefined => {
  if (input.includes('%')) return undefined;
  if (!input.includes(':')) return IPV4.test(input) && ipaddr.IPv4.isValid(input) ? ipaddr.IPv4.parse(input) : undefined;
  if (!ipaddr.IPv6.isValid(input)) return undefined;
  const address = ipaddr.IPv6.parse(input);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
};

const masked = (address: Address, bits: number): Address => {
  const bytes = address.toByteArray().map((byte, at) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - at * 8))) & 0xff);
  return address.kind() === 'ipv4' ? new ipaddr.IPv4(bytes) : new ipaddr.IPv6(bytes);
};

/** CIDR or a single address; bits behind the prefix are cleared. */
export const parseNetblock = (input: string): Netblock | undefined => {
  const [addressText = '', bitsText, ...rest] = input.split('/');
  const address = parseAddress(addressText);
  if (address === undefined || rest.length > 0) return undefined;
  const width = address.kind() === 'ipv4' ? 32 : 128;
  if (bitsText === undefined) return { network: address, bits: width };
  // A mapped address has a prefix length of the other family; what was meant is not clear.
  if (!/^(?:0|[1-9]\d{0,2})$/.test(bitsText) || Number(bitsText) > width || (addressText.includes(':') && width === 32))
    return undefined;
  return { network: masked(address, Number(bitsText)), bits: Number(bitsText) };
};

/** RFC 5952 for IPv6. */
export const printNetblock = ({ network, bits }: Netblock): string => `${network.toString()}/${bits}`;

export const covers = ({ network, bits }: Netblock, address: Address): boolean =>
  // ipaddr.js throws on mixed families.
  network.kind() === address.kind() && address.match(network, bits);

export const canonicalNetblock = (input: string): Parsed<string> => {
  const netblock = parseNetblock(input.trim());
  return netblock === undefined
    ? { wrong: `${JSON.stringify(input.slice(0, 60))} is not a netblock; write 192.0.2.0/24, 2001:db8::/32 or one address` }
    : { value: printNetblock(netblock) };
};

/** CIDR text; the value is canonical. `/0` is refused where `leastBits` is 1: it would be everybody. */
export const netblock = (description: string, leastBits = 0) =>
  v.pipe(
    v.string(),
    v.description(description),
    v.maxLength(60, 'longer than a netblock can be'),
    parsedBy<string, string>((input) => {
      const canonical = canonicalNetblock(input);
      return 'value' in canonical && leastBits > 0 && canonical.value.endsWith('/0')
        ? { wrong: 'would be everybody; a host for everybody is one that is not `private`' }
        : canonical;
    }),
  );

export const ipAddress = (description: string) =>
  v.pipe(
    v.string(),
    v.description(description),
    v.maxLength(60, 'longer than an address can be'),
    parsedBy<string, string>((input) => {
      const address = parseAddress(input);
      return address === undefined ? { wrong: 'is not an IP address' } : { value: address.toString() };
    }),
  );
