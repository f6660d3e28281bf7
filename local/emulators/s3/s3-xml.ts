import { S3Error } from './s3-error.ts';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** Text, a nested list of elements, or nothing at all (the element is then left out). */
export type XmlContent = string | number | boolean | readonly string[] | undefined;

const REFERENCES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Control characters are printed as references, as S3 does; XML 1.0 readers may still refuse them (use encoding-type=url). */
function escapeText(text: string): string {
  return text.replace(/[&<>"\p{Cc}]/gu, (character) => REFERENCES[character] ?? `&#x${character.charCodeAt(0).toString(16)};`);
}

/** One element; a list is taken as already printed children, anything else as text. */
export function element(name: string, content: XmlContent): string {
  if (content === undefined) return '';
  const inner = typeof content === 'object' ? content.join('') : escapeText(String(content));
  return `<${name}>${inner}</${name}>`;
}

export function xmlDocument(name: string, children: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="${NAMESPACE}">${children.join('')}</${name}>`;
}

/** Errors carry no namespace in S3's answers. */
export function errorDocument(code: string, message: string, resource: string, requestId: string): string {
  const children = [
    element('Code', code),
    element('Message', message),
    element('Resource', resource),
    element('RequestId', requestId),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${children.join('')}</Error>`;
}

export interface XmlNode {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlNode[];
}

interface OpenNode {
  name: string;
  text: string;
  children: OpenNode[];
}

const NAMED_REFERENCES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeText(text: string): string {
  return text.replace(/&(#x[0-9a-fA-F]+|#\d+|\w+);/g, (_whole, reference: string) => {
    if (reference.startsWith('#x')) return String.fromCodePoint(Number.parseInt(reference.slice(2), 16));
    if (reference.startsWith('#')) return String.fromCodePoint(Number.parseInt(reference.slice(1), 10));
    const named = NAMED_REFERENCES[reference];
    if (named === undefined) throw malformed();
    return named;
  });
}

function malformed(): S3Error {
  return new S3Error(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema.',
  );
}

/**
 * Reads the two small documents clients send (Delete and CompleteMultipartUpload).
 * Attributes and comments are dropped, DOCTYPE and CDATA are refused: no S3 client sends them.
 */
export function parseXml(source: string): XmlNode {
  const root: OpenNode = { name: '', text: '', children: [] };
  const open: OpenNode[] = [root];
  const token = /<\?[^>]*\?>|<!--[\s\S]*?-->|<(\/?)([A-Za-z_][\w.:-]*)([^>]*?)(\/?)>|([^<]+)|(<)/g;
  for (const match of source.matchAll(token)) {
    readToken(match, open);
  }
  const [document] = root.children;
  if (open.length !== 1 || document === undefined || root.children.length !== 1) throw malformed();
  return document;
}

function readToken(match: RegExpExecArray, open: OpenNode[]): void {
  const [, closing, name, , selfClosing, text, stray] = match;
  const current = open.at(-1);
  if (current === undefined || stray !== undefined) throw malformed();
  if (text !== undefined) {
    current.text += unescapeText(text);
    return;
  }
  if (name === undefined) return;
  if (closing === '/') {
    if (current.name !== name || open.length === 1) throw malformed();
    open.pop();
    return;
  }
  const node: OpenNode = { name, text: '', children: [] };
  current.children.push(node);
  if (selfClosing !== '/') open.push(node);
}

export function childText(node: XmlNode, name: string): string | undefined {
  return node.children.find((child) => child.name === name)?.text;
}

export function requiredText(node: XmlNode, name: string): string {
  const text = childText(node, name);
  if (text === undefined) throw malformed();
  return text;
}
