import { WireError } from '#domain/errors.ts';
import type { HeaderFields } from '#domain/volume/validate/wheel-documents.ts';
import { decodeText } from '../bytes/decode-text.ts';

const FIELD = /^([A-Za-z0-9][A-Za-z0-9_-]*):[ \t]*(.*)$/;

/** The header of METADATA or WHEEL: fields up to the first blank line, as in mail (RFC 822). Throws WireError for anything else. */
export function parseHeaderFields(bytes: Uint8Array, what: string): HeaderFields {
  const fields = new Map<string, string[]>();
  let last: string[] | undefined;
  for (const line of decodeText(bytes, what).split(/\r\n|\n|\r/)) {
    if (line === '') break;
    if (/^[ \t]/.test(line) && last !== undefined) {
      last.push(`${last.pop() ?? ''}\n${line.trim()}`);
      continue;
    }
    const [, name = '', value = ''] = FIELD.exec(line) ?? [];
    if (name === '') throw new WireError(`has a line in ${what} that is no field: ${JSON.stringify(line.slice(0, 80))}`);
    last = fields.get(name.toLowerCase()) ?? [];
    last.push(value.trim());
    fields.set(name.toLowerCase(), last);
  }
  return fields;
}
