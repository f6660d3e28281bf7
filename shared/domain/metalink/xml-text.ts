/**
 * Text in XML 1.0. Characters that no XML document may hold (section 2.2) are dropped, the five special ones are escaped, and
 * nothing in a comment may look like its end (section 2.5). MirrorManager escapes nothing; a repository name with `&` in it then
 * breaks every client.
 */
const NOT_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const NEEDS_WORK = /[^\u0020-\u0021\u0023-\u0025\u0028-\u003b=\u003f-\u007e]/;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** For element content and attribute values alike. */
export const escapeXml = (text: string): string =>
  NEEDS_WORK.test(text)
    ? text
        .replace(NOT_XML, '')
        .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
        // A parser would turn these into blanks inside an attribute.
        .replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`)
    : text;

/** For a line inside `<!-- -->`; the line's end keeps a last `-` from the comment's own. */
export const commentText = (text: string): string => text.replace(NOT_XML, '').replace(/-(?=-)/g, '- ');
