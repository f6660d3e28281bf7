import {
  DIGEST_ALGORITHMS,
  type Digest,
  type DigestAlgorithm,
  digestOf,
  digestOfHex,
  digestOfName,
} from '#domain/artefact/digest.ts';

/** Names of the registry of HTTP digest algorithms (RFC 9530); the others are for bytes, not against people. */
const HTTP_ALGORITHMS: Readonly<Record<string, DigestAlgorithm>> = {
  'sha-512': 'sha512',
  'sha-256': 'sha256',
  sha: 'sha1',
  md5: 'md5',
};

const LONGEST_VALUE = 2_000;

/**
 * Digests that stand for themselves: bare hexadecimal, `sha256:HEX`, `sha256=HEX` with or without the `#` of a link (PEP 503),
 * subresource integrity (`sha256-BASE64`, several with blanks between), and the value of a `Repr-Digest` field. Undefined for
 * anything else.
 */
export function parseChecksumValue(text: string): readonly Digest[] | undefined {
  const value = text.trim();
  if (value === '' || value.length > LONGEST_VALUE) return undefined;
  const bare = digestOfHex(value) ?? digestOfName(value.toLowerCase());
  if (bare !== undefined) return [bare];
  const [, word = '', hex = ''] = /^#?([A-Za-z0-9]+)[:=]([0-9a-fA-F]+)$/.exec(value) ?? [];
  const worded = digestWith(word, hex);
  if (worded !== undefined) return [worded];
  return parseIntegrity(value) ?? parseReprDigest(value);
}

function digestWith(word: string, hex: string): Digest | undefined {
  const algorithm = DIGEST_ALGORITHMS.find((candidate) => candidate === word.toLowerCase());
  return algorithm === undefined ? undefined : digestOf(algorithm, hex);
}

function parseIntegrity(value: string): readonly Digest[] | undefined {
  const digests = value.split(/\s+/).map((token) => {
    const [, word = '', base64 = ''] = /^(sha256|sha384|sha512)-([A-Za-z0-9+/]+={0,2})(?:\?[\x21-\x7e]*)?$/.exec(token) ?? [];
    return digestWith(word, hexOfBase64(base64) ?? '');
  });
  return wholeList(digests);
}

/** Members of algorithms that nothing here can compute are left out; a field without any other is none. */
export function parseReprDigest(value: string): readonly Digest[] | undefined {
  const members = value
    .split(',')
    .map((member) => /^([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/=]*):(?:;[\x20-\x7e]*)?$/.exec(member.trim()));
  if (members.includes(null)) return undefined;
  const known = members.flatMap((match) => {
    const name = match?.[1] ?? '';
    const algorithm = Object.hasOwn(HTTP_ALGORITHMS, name) ? HTTP_ALGORITHMS[name] : undefined;
    return algorithm === undefined ? [] : [digestOf(algorithm, hexOfBase64(match?.[2] ?? '') ?? '')];
  });
  return wholeList(known);
}

/** Our own entity tags are digests; those of others, of S3 above all, are not, whatever they look like. */
export function digestOfEntityTag(tag: string | undefined): Digest | undefined {
  const [, name = ''] = /^"(sha(?:256|384|512)-[0-9a-f]+)"$/.exec(tag ?? '') ?? [];
  return digestOfName(name);
}

function wholeList(digests: readonly (Digest | undefined)[]): readonly Digest[] | undefined {
  const found = digests.filter((digest) => digest !== undefined);
  return found.length === digests.length && found.length > 0 ? found : undefined;
}

function hexOfBase64(base64: string): string | undefined {
  const bytes = Buffer.from(base64, 'base64');
  return bytes.toString('base64') === base64 ? bytes.toString('hex') : undefined;
}
