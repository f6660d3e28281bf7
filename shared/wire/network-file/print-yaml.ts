import { stringify } from 'yaml';

/** A network document as a file for people; what is read from it is the same document. */
export const printYaml = (document: unknown): string =>
  // Folded lines would change with the next version of the library; one line per value makes better differences.
  stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
