import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { WireError } from '#domain/errors.ts';
import { decodeText } from './bytes/decode-text.ts';

export interface Repomd {
  /** The largest `<timestamp>` of the data elements, whole seconds; 0 when none has one. */
  readonly timestampSeconds: number;
  /** Names of the data elements, `primary` for instance, in document order. */
  readonly dataTypes: readonly string[];
}

// Real ones are 3 to 30 kB.
const MAX_BYTES = 2_097_152;
const MAX_DATA_ELEMENTS = 1_000;
const ATTRIBUTE = '@';

/** Names with a prefix are read without it: `<repo:data>` is what some generators write. */
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: ATTRIBUTE,
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  removeNSPrefix: true,
  isArray: (name) => name === 'data' || name === 'timestamp',
});

const parseXml = (text: string): unknown => {
  // No generator writes a document type, and all attacks by entities need one.
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw new WireError('repomd.xml has a document type');
  try {
    const verdict = XMLValidator.validate(text);
    if (verdict !== true) throw new WireError(`repomd.xml is not well-formed: line ${verdict.err.line}`);
    return parser.parse(text);
  } catch (cause) {
    if (cause instanceof WireError) throw cause;
    throw new WireError('repomd.xml is not XML', { cause });
  }
};

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;

/** Old generators wrote fractions of a second. */
const seconds = (value: unknown): number => {
  const text = typeof value === 'object' ? field(value, '#text') : value;
  if (typeof text !== 'string' || !/^\s*\d{1,12}(?:\.\d{1,9})?\s*$/.test(text))
    throw new WireError('repomd.xml: a timestamp is not a number');
  return Math.floor(Number(text));
};

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The head file of an rpm repository. Throws WireError on anything else, also when it was cut off. */
export const parseRepomd = (bytes: Uint8Array): Repomd => {
  if (bytes.length > MAX_BYTES) throw new WireError(`repomd.xml is larger than ${MAX_BYTES} bytes`);
  const document = parseXml(decodeText(bytes, 'repomd.xml'));
  const data = list(field(field(document, 'repomd'), 'data'));
  if (data.length === 0 || data.length > MAX_DATA_ELEMENTS) throw new WireError(`repomd.xml has ${data.length} data elements`);
  const dataTypes = data.map((element) => {
    const type = field(element, `${ATTRIBUTE}type`);
    if (typeof type !== 'string') throw new WireError('repomd.xml: a data element has no type');
    return type;
  });
  const stamps = data.flatMap((element) => list(field(element, 'timestamp')).map(seconds));
  return { timestampSeconds: Math.max(0, ...stamps), dataTypes };
};
