const BEGIN = '-----BEGIN PGP SIGNED MESSAGE-----';
const SIGNATURE = '-----BEGIN PGP SIGNATURE-----';
const END = '-----END PGP SIGNATURE-----';

/**
 * The lines that a clear signature covers (RFC 9580, section 7), as Fedora signs its CHECKSUM files; other lines as they are. Undefined
 * when there is text outside of the signed part, which a reader would take for signed. The signature itself is not verified.
 */
export function signedLines(lines: readonly string[]): readonly string[] | undefined {
  if (!lines.some((line) => line.startsWith('-----BEGIN PGP '))) return lines;
  const begin = lines.findIndex((line) => line.trim() !== '');
  const body = lines.indexOf('', begin);
  const signature = lines.indexOf(SIGNATURE);
  const end = lines.indexOf(END);
  if (lines[begin] !== BEGIN || body === -1 || signature < body || end < signature) return undefined;
  if (!lines.slice(begin + 1, body).every((line) => /^Hash: [A-Za-z0-9, -]+$/.test(line))) return undefined;
  if (lines.slice(end + 1).some((line) => line.trim() !== '')) return undefined;
  const signed = lines.slice(body + 1, signature);
  if (signed.some((line) => line.startsWith('-') && !line.startsWith('- '))) return undefined;
  return signed.map((line) => line.replace(/^- /, ''));
}
