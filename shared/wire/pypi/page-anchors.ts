/**
 * The links of an HTML page, as browsers and pip find them: by tags and attributes, wherever they are, in time that grows with the
 * page and no faster, since pages are other people's. Attributes may be quoted either way or not at all; of one that is there twice the
 * first counts. Comments are no part of the page.
 */
export interface Anchor {
  readonly href: string;
  /** By names in lower case, without references to characters. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Up to the next tag, likewise. */
  readonly text: string;
}

export interface PageAnchors {
  /** What links are relative to, where the page says. */
  readonly base: string | undefined;
  readonly anchors: readonly Anchor[];
}

const COMMENT = /<!--[\s\S]*?(?:-->|$)/g;
const TAG = /<(a|base)(?=[\s/])/gi;
const ATTRIBUTE = /[\s/]+([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>=`]+)))?/y;
const END = /[\s/]*>([^<]*)/y;
const REFERENCE = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(quot|apos|lt|gt|amp));/gi;
const NAMED: Readonly<Record<string, string>> = { quot: '"', apos: "'", lt: '<', gt: '>', amp: '&' };

const character = (code: number): string => (code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd');

const unescaped = (text: string): string =>
  text.replace(REFERENCE, (_, decimal?: string, hexadecimal?: string, name?: string) =>
    name === undefined
      ? character(decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal))
      : (NAMED[name.toLowerCase()] ?? ''),
  );

interface Tag {
  readonly attributes: Map<string, string>;
  readonly text: string;
}

/** The rest of a tag that begins before `at`; undefined when it has no end. */
const tagAt = (page: string, at: number): Tag | undefined => {
  const attributes = new Map<string, string>();
  ATTRIBUTE.lastIndex = at;
  let end = at;
  for (let match = ATTRIBUTE.exec(page); match !== null; match = ATTRIBUTE.exec(page)) {
    const [, name = '', double, single, bare] = match;
    const key = name.toLowerCase();
    if (!attributes.has(key)) attributes.set(key, unescaped(double ?? single ?? bare ?? ''));
    end = ATTRIBUTE.lastIndex;
  }
  END.lastIndex = end;
  const text = END.exec(page)?.[1];
  return text === undefined ? undefined : { attributes, text: unescaped(text).trim() };
};

export const pageAnchors = (html: string): PageAnchors => {
  const page = html.replace(COMMENT, '');
  const anchors: Anchor[] = [];
  let base: string | undefined;
  for (const match of page.matchAll(TAG)) {
    const tag = tagAt(page, match.index + match[0].length);
    const href = tag?.attributes.get('href');
    if (tag === undefined || href === undefined) continue;
    if (match[1]?.toLowerCase() === 'base') base ??= href;
    else anchors.push({ href, ...tag });
  }
  return { base, anchors };
};
