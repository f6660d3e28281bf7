import { WireError } from '#domain/errors.ts';
import type { RpmIndex, RpmLocation } from '#domain/volume/validate/rpm-repository.ts';
import { decodeText } from '../bytes/decode-text.ts';
import { type XmlAttributes, XmlScanner } from '../xml/xml-scanner.ts';
import { rpmDigest } from './rpm-digest.ts';

/** Real ones are 3 to 30 kB. */
export const MAX_REPOMD_BYTES = 2_097_152;
const MAX_INDEXES = 1_000;
const WHAT = 'repomd.xml';
const DATA_DEPTH = 2;

interface Data {
  readonly type: string;
  location: RpmLocation | undefined;
  readonly texts: Map<string, string>;
  readonly checksumTypes: Map<string, string>;
}

/** Every `<data>` of repomd.xml. Throws WireError on anything else, also when it was cut off. */
export function parseRpmIndexes(bytes: Uint8Array): readonly RpmIndex[] {
  if (bytes.length > MAX_REPOMD_BYTES) throw new WireError(`${WHAT} is larger than ${MAX_REPOMD_BYTES} bytes`);
  const found: Data[] = [];
  let root = '';
  const scanner = new XmlScanner(WHAT, {
    open: (name, attributes, depth) => {
      if (depth === 1) root = name;
      const data = found.at(-1);
      if (depth === DATA_DEPTH && name === 'data') found.push(newData(attributes));
      else if (depth === DATA_DEPTH + 1 && data !== undefined) noteChild(data, name, attributes);
    },
    close: (name, text, depth) => {
      if (depth === DATA_DEPTH + 1) found.at(-1)?.texts.set(name, text.trim());
    },
  });
  scanner.push(decodeText(bytes, WHAT));
  scanner.end();
  if (root !== 'repomd' || found.length === 0) throw new WireError(`${WHAT} names no indexes`);
  if (found.length > MAX_INDEXES) throw new WireError(`${WHAT} names more than ${MAX_INDEXES} indexes`);
  return found.map(indexOf);
}

const newData = (attributes: XmlAttributes): Data => ({
  type: attributes('type') ?? '',
  location: undefined,
  texts: new Map(),
  checksumTypes: new Map(),
});

function noteChild(data: Data, name: string, attributes: XmlAttributes): void {
  if (name === 'location') data.location = { href: attributes('href') ?? '', base: attributes('base') };
  if (name.endsWith('checksum')) data.checksumTypes.set(name, attributes('type') ?? '');
}

function indexOf(data: Data): RpmIndex {
  const { type, location, texts, checksumTypes } = data;
  if (type === '') throw new WireError(`${WHAT} names an index of no type`);
  if (location === undefined || location.href === '') throw new WireError(`${WHAT} does not say where ${type} is`);
  const digest = (name: string) => rpmDigest(checksumTypes.get(name), texts.get(name));
  return {
    type,
    location,
    digest: digest('checksum'),
    openDigest: digest('open-checksum'),
    sizeBytes: wholeNumber(texts.get('size')),
    openSizeBytes: wholeNumber(texts.get('open-size')),
  };
}

/** Undefined for what is no number: old generators left sizes out. */
export const wholeNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
