/** One attribute of a distinguished name and the comma or plus sign after it. Values escape what would end them, or stand in quotes. */
const ATTRIBUTE = /\s*([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*)\s*=((?:[^,+\\"]|\\.|"(?:[^"\\]|\\.)*")*)([,+]|$)/y;

/**
 * The common name in the subject of a certificate as front doors write it (RFC 4514). Read from its beginning, attribute by attribute:
 * whoever asks an authority for a certificate may choose its organisation, and `O=x\,CN=other` is no common name. Undefined when there
 * is none, when there are two, and for what is no subject.
 */
export const commonNameOf = (subject: string): string | undefined => {
  const names: string[] = [];
  ATTRIBUTE.lastIndex = 0;
  for (let isOver = false; !isOver; ) {
    const [, type, value = '', end] = ATTRIBUTE.exec(subject) ?? [];
    if (type === undefined) return undefined;
    if (type.toUpperCase() === 'CN') names.push(value.trim());
    isOver = end === '';
  }
  return names.length === 1 ? names[0] : undefined;
};
