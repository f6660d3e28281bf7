/**
 * A printed manifest, version 1:
 *
 *   "MTMF" version   4 bytes and 1 byte
 *   generation, createdMs, nextDirectoryId, directory count, category length, each unsigned
 *   columns          each with its length in front, in the order of COLUMNS
 *   repositories     JSON, with its length in front
 *
 * Numbers are LEB128, signed ones zigzag. One column holds one field of all directories (or of all sample files, directory after
 * directory): equal kinds of numbers side by side are what makes the object small under gzip, and one long text is decoded in one
 * call. Lengths of texts are counted in UTF-16 code units, since that is what cuts the decoded text.
 *
 *   text                UTF-8: category, path suffixes, fingerprints, sample names, laid end to end
 *   pathPrefixes        code units shared with the path before
 *   pathLengths         code units of the rest of the path
 *   ids                 signed difference from the id before
 *   times               signed difference from the time before, seconds
 *   fingerprintLengths
 *   changedIn           generations
 *   readable            one byte each, 0 or 1
 *   sampleCounts        files per directory
 *   nameLengths         per sample file
 *   sizes               bytes
 *   sampleTimes         signed difference from the directory's time, seconds
 */
export const MANIFEST_MAGIC = [0x4d, 0x54, 0x4d, 0x46] as const;
export const MANIFEST_VERSION = 1;

export const COLUMNS = [
  'text',
  'pathPrefixes',
  'pathLengths',
  'ids',
  'times',
  'fingerprintLengths',
  'changedIn',
  'readable',
  'sampleCounts',
  'nameLengths',
  'sizes',
  'sampleTimes',
] as const;

export type Column = (typeof COLUMNS)[number];
