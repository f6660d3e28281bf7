import { WireError } from '#domain/errors.ts';

export interface XmlHandler {
  /** `depth` of the root is 1. */
  readonly open: (name: string, attributes: XmlAttributes, depth: number) => void;
  /** The text directly in the element, as far as LONGEST_TEXT. */
  readonly close: (name: string, text: string, depth: number) => void;
}

export type XmlAttributes = (name: string) => string | undefined;

const LONGEST_TAG = 65_536;
const LONGEST_TEXT = 4_096;
const DEEPEST = 64;
const TAG = /<(\/?)([A-Za-z_][\w.:-]*)((?:[^<>"']|"[^"<]*"|'[^'<]*')*?)(\/?)>/y;
const ATTRIBUTE = /\s+([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const CDATA = '<![CDATA[';
/** Parts that hold no elements, by how they begin and end. */
const PARTS = [
  ['<!--', '-->'],
  ['<?', '?>'],
  [CDATA, ']]>'],
] as const;

/**
 * XML a piece at a time, for indexes that are larger than memory. It checks that elements are closed in their order and that there is
 * one root; it refuses document types, since all attacks by entities need one and no generator of indexes writes any. Prefixes of
 * names are left out. Throws WireError.
 */
export class XmlScanner {
  readonly #what: string;
  readonly #handler: XmlHandler;
  readonly #stack: { readonly name: string; text: string }[] = [];
  #rest = '';
  #started = false;

  constructor(what: string, handler: XmlHandler) {
    this.#what = what;
    this.#handler = handler;
  }

  push(chunk: string): void {
    this.#rest += chunk;
    let at = 0;
    for (;;) {
      const next = this.#rest.indexOf('<', at);
      const textEnd = next < 0 ? this.#rest.length : next;
      if (textEnd > at) this.#text(this.#rest.slice(at, textEnd), true);
      at = textEnd;
      const end = next < 0 ? undefined : this.#part(next);
      if (end === undefined) break;
      at = end;
    }
    this.#rest = this.#rest.slice(at);
  }

  /** Throws when the document is not complete. */
  end(): void {
    if (this.#rest !== '' || this.#stack.length > 0 || !this.#started) throw this.#damaged('is not XML, or is cut off');
  }

  /** Where the part that begins at `at` ends; undefined when its end is still to come. */
  #part(at: number): number | undefined {
    if (/^<!(?:DOCTYPE|ENTITY)/i.test(this.#rest.slice(at, at + '<!DOCTYPE'.length))) throw this.#damaged('has a document type');
    const other = PARTS.find(([begin]) => this.#rest.startsWith(begin, at));
    if (other !== undefined) return this.#skip(at, other[0], other[1]);
    TAG.lastIndex = at;
    const match = TAG.exec(this.#rest);
    if (match === null) {
      if (this.#rest.length - at > LONGEST_TAG) throw this.#damaged('has a tag without end');
      return undefined;
    }
    const end = TAG.lastIndex;
    const [, slash, name = '', attributes = '', empty] = match;
    if (slash === '') this.#open(name, attributes);
    if (slash !== '' || empty !== '') this.#close(name);
    return end;
  }

  #skip(at: number, begin: string, finish: string): number | undefined {
    const found = this.#rest.indexOf(finish, at + begin.length);
    if (found < 0) return undefined;
    if (begin === CDATA) this.#text(this.#rest.slice(at + begin.length, found), false);
    return found + finish.length;
  }

  #text(written: string, escaped: boolean): void {
    const top = this.#stack.at(-1);
    if (top === undefined) {
      if (/[^\s\ufeff]/.test(written)) throw this.#damaged('has text outside of its root');
    } else if (top.text.length < LONGEST_TEXT) {
      const part = written.slice(0, LONGEST_TEXT);
      top.text += escaped ? part : part.replaceAll('&', '&amp;');
    }
  }

  #open(name: string, attributes: string): void {
    if (this.#stack.length === 0 && this.#started) throw this.#damaged('has two roots');
    if (this.#stack.length >= DEEPEST) throw this.#damaged(`is nested more than ${DEEPEST} deep`);
    this.#started = true;
    this.#stack.push({ name, text: '' });
    this.#handler.open(local(name), (wanted) => attributeOf(attributes, wanted, this.#what), this.#stack.length);
  }

  #close(name: string): void {
    const top = this.#stack.at(-1);
    if (top?.name !== name) throw this.#damaged(`closes ${name} where ${top?.name ?? 'nothing'} is open`);
    this.#handler.close(local(name), unescaped(top.text, this.#what), this.#stack.length);
    this.#stack.pop();
  }

  #damaged(why: string): WireError {
    return new WireError(`${this.#what} ${why}`);
  }
}

const local = (name: string): string => name.slice(name.indexOf(':') + 1);

function attributeOf(written: string, wanted: string, what: string): string | undefined {
  for (const [, name = '', double, single] of written.matchAll(ATTRIBUTE))
    if (name === wanted || local(name) === wanted) return unescaped(double ?? single ?? '', what);
  return undefined;
}

function unescaped(text: string, what: string): string {
  if (!text.includes('&')) return text;
  return text.replace(
    /&(?:#(\d{1,7}|x[0-9a-fA-F]{1,6})|(\w{1,10}));/g,
    (_, code: string | undefined, name: string | undefined) => {
      const known = name === undefined ? undefined : ENTITIES[name];
      if (known !== undefined) return known;
      const point = code === undefined ? Number.NaN : Number(code.startsWith('x') ? `0${code}` : code);
      if (!(point <= 0x10_ffff)) throw new WireError(`${what} has an entity that it does not declare`);
      return String.fromCodePoint(point);
    },
  );
}
