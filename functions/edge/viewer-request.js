// The CDN's viewer-request function: it runs in front of the cache, on every request, and decides what the cache key is made of.
//   query   only parameters that mean something, decoded and encoded again, in one order
//   bucket  what selection needs to know of the client: registered netblock, registered ASN, country; never the address
//   variant 0..7 by the client's address, so that one client sees one stable order and many clients spread over eight
// CloudFront Functions, JavaScript runtime 2.0: ES 5.1, const, let, async, template literals; no for-of, no destructuring, no
// spread, no timers, at most 10 KB. Keys of the store are read one after another: promise combinators cost too much memory there.
// The local edge runs this very file.
import cf from 'cloudfront';

const kvs = cf.kvs();
const KNOWN = ['arch', 'country', 'netblock', 'path', 'protocol', 'redirect', 'repo', 'time'];
// Present without a value means yes.
const FLAGS = ['netblock', 'redirect', 'time'];
const VARIANTS = 8;

async function lookUp(key) {
  try {
    return await kvs.get(key, { format: 'string' });
  } catch (_) {
    // Absent is the usual case and is an exception here; a store that fails must not fail the request either.
    return undefined;
  }
}

function hexByte(decimal) {
  const value = Number(decimal);
  return value > 255 ? undefined : `0${value.toString(16)}`.slice(-2);
}

/** Eight hexadecimal digits, or undefined when it is no IPv4 address. */
function parseV4(text) {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!parts) return undefined;
  let hex = '';
  for (let i = 1; i <= 4; i++) {
    const byte = hexByte(parts[i]);
    if (byte === undefined) return undefined;
    hex += byte;
  }
  return hex;
}

/** Groups of a half of an IPv6 address as hexadecimal digits; undefined when one is malformed. */
function parseGroups(text) {
  if (text === '') return '';
  const groups = text.split(':');
  let hex = '';
  for (let i = 0; i < groups.length; i++) {
    const v4 = i === groups.length - 1 ? parseV4(groups[i]) : undefined;
    if (v4 === undefined && !/^[0-9a-f]{1,4}$/.test(groups[i])) return undefined;
    hex += v4 === undefined ? `000${groups[i]}`.slice(-4) : v4;
  }
  return hex;
}

/** Thirty-two hexadecimal digits, or undefined when it is no IPv6 address. */
function parseV6(text) {
  const halves = text.toLowerCase().split('%')[0].split('::');
  const head = parseGroups(halves[0]);
  if (head === undefined || halves.length > 2 || text.indexOf(':') < 0) return undefined;
  if (halves.length === 1) return head.length === 32 ? head : undefined;
  const tail = parseGroups(halves[1]);
  if (tail === undefined || head.length + tail.length > 28) return undefined;
  return head + '0'.repeat(32 - head.length - tail.length) + tail;
}

/** The address as hexadecimal digits; an IPv4 address inside an IPv6 one counts as IPv4. */
function parseAddress(text) {
  const address = String(text);
  const v4 = parseV4(address);
  if (v4 !== undefined) return v4;
  const v6 = parseV6(address);
  return v6 !== undefined && v6.slice(0, 24) === '00000000000000000000ffff' ? v6.slice(24) : v6;
}

/** The first `length` bits, the others zero. */
function networkOf(hex, length) {
  const whole = Math.floor(length / 4);
  const rest = length % 4;
  let network = hex.slice(0, whole);
  if (rest > 0) network += ((parseInt(hex.charAt(whole), 16) >> (4 - rest)) << (4 - rest)).toString(16);
  return network + '0'.repeat(hex.length - network.length);
}

/** Text of an address as RFC 5952 wants it: the netblocks of the inventory are written so too. */
function printAddress(hex) {
  const groups = [];
  if (hex.length === 8) {
    for (let i = 0; i < 8; i += 2) groups.push(parseInt(hex.slice(i, i + 2), 16));
    return groups.join('.');
  }
  for (let i = 0; i < 32; i += 4) groups.push(parseInt(hex.slice(i, i + 4), 16).toString(16));
  const zeros = longestZeros(groups);
  if (zeros.length < 2) return groups.join(':');
  return `${groups.slice(0, zeros.start).join(':')}::${groups.slice(zeros.start + zeros.length).join(':')}`;
}

function longestZeros(groups) {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (let i = 0; i < groups.length; i++) {
    length = groups[i] === '0' ? length + 1 : 0;
    if (length > best.length) best = { start: i - length + 1, length: length };
  }
  return best;
}

/** What was found for a longer prefix stays. */
function noteEntry(found, parts, netblock) {
  for (let i = 0; i < parts.length; i++) {
    if (parts[i] === 'h' && !found.netblock) found.netblock = netblock;
    if (parts[i].slice(0, 2) === 'c=' && !found.country) found.country = parts[i].slice(2);
  }
}

/** The longest netblock that a host registered, and the country of the longest one that overrides it; both may be undefined. */
async function matchNetblocks(hex) {
  const found = { netblock: undefined, country: undefined };
  const family = hex.length === 8 ? '4' : '6';
  const listed = await lookUp(`lengths${family}`);
  const lengths = listed ? listed.split(',') : [];
  for (let i = 0; i < lengths.length; i++) {
    const network = networkOf(hex, Number(lengths[i]));
    const value = await lookUp(`p${family}/${lengths[i]}/${network}`);
    noteEntry(found, value ? value.split(';') : [], `${printAddress(network)}/${lengths[i]}`);
    if (found.netblock && found.country) return found;
  }
  return found;
}

function headerValue(headers, name) {
  return headers[name] ? String(headers[name].value) : '';
}

async function bucketOf(hex, headers) {
  const parts = [];
  const match = hex === undefined ? {} : await matchNetblocks(hex);
  if (match.netblock) parts.push(`n=${match.netblock}`);
  const asn = headerValue(headers, 'cloudfront-viewer-asn');
  if (/^[1-9]\d{0,9}$/.test(asn)) {
    const registered = await lookUp(`asn/${asn}`);
    if (registered) parts.push(`a=${asn}`);
  }
  const country = match.country || headerValue(headers, 'cloudfront-viewer-country').toUpperCase();
  if (/^[A-Z]{2}$/.test(country)) parts.push(`c=${country}`);
  return parts.join(';');
}

/** An IPv6 client changes the lower half of its address every day; its place in the shuffle should not follow. */
function variantOf(hex) {
  const stable = hex === undefined ? '' : hex.slice(0, 16);
  let hash = 7;
  for (let i = 0; i < stable.length; i++) hash = (hash * 1000003 + stable.charCodeAt(i)) % 2147483647;
  return String(hash % VARIANTS);
}

/** `+` stays `+`: file names hold it (libstdc++), names of repositories hold no blank. */
function decode(raw) {
  try {
    return decodeURIComponent(raw);
  } catch (_) {
    return raw;
  }
}

function encode(text) {
  try {
    return encodeURIComponent(text);
  } catch (_) {
    return '';
  }
}

/** Known parameters that say something, by name, encoded in one way. Of a repeated parameter the first counts. */
function normalizeQuery(querystring) {
  const names = Object.keys(querystring);
  const query = {};
  for (let i = 0; i < KNOWN.length; i++) {
    const given = names.indexOf(KNOWN[i]) < 0 ? undefined : querystring[KNOWN[i]];
    let value = given && typeof given.value === 'string' ? encode(decode(given.value)) : '';
    if (given && value === '' && FLAGS.indexOf(KNOWN[i]) >= 0) value = '1';
    if (value !== '') query[KNOWN[i]] = { value: value };
  }
  return query;
}

/** Repository and architecture move into the path, which the static fallback lists in the bucket share. */
function moveIntoPath(request) {
  const query = request.querystring;
  const list = /^\/(metalink|mirrorlist)\/?$/.exec(request.uri);
  if (!list || !query.repo || !query.arch || query.path) return;
  if (/^\.\.?$/.test(query.repo.value) || /^\.\.?$/.test(query.arch.value)) return;
  request.uri = `/${list[1]}/${query.repo.value}/${query.arch.value}`;
  delete query.repo;
  delete query.arch;
}

// biome-ignore lint/correctness/noUnusedVariables: the CDN calls it by this name
async function handler(event) {
  const request = event.request;
  const names = Object.keys(request.headers);
  for (let i = 0; i < names.length; i++) {
    // What the functions behind us believe comes from here alone.
    if (names[i].slice(0, 13) === 'x-mirrortide-' || names[i] === 'mirrortide-client') delete request.headers[names[i]];
  }
  const hex = parseAddress(event.viewer.ip);
  const bucket = await bucketOf(hex, request.headers);
  request.headers['x-mirrortide-bucket'] = { value: bucket };
  request.headers['x-mirrortide-variant'] = { value: variantOf(hex) };
  request.querystring = normalizeQuery(request.querystring);
  moveIntoPath(request);
  return request;
}
