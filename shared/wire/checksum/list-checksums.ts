import type { ChecksumEntry } from '#domain/artefact/choose-digest.ts';
import { parseChecksumLine } from './checksum-line.ts';
import { signedLines } from './clear-signed.ts';

export type ChecksumList =
  | { readonly kind: 'entries'; readonly entries: readonly ChecksumEntry[] }
  | { readonly kind: 'unreadable'; readonly reason: string };

const unreadable = (reason: string): ChecksumList => ({ kind: 'unreadable', reason });

/** Everything in a list of checksums, as GNU coreutils, BSD or OpenSSL write it; a single line that is none refuses the whole. */
export function listChecksums(text: string): ChecksumList {
  const signed = signedLines(text.split(/\r?\n/));
  if (signed === undefined) return unreadable('its signature does not cover all of it, or is cut');
  const entries: ChecksumEntry[] = [];
  for (const line of signed) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const parsed = parseChecksumLine(line);
    if (parsed.kind === 'unreadable') return unreadable(`a line is no checksum: ${JSON.stringify(line.slice(0, 80))}`);
    if (parsed.kind === 'entry') entries.push(parsed.entry);
  }
  return { kind: 'entries', entries };
}
