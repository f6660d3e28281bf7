/**
 * Types of content by the names of files, as package managers and browsers expect them. What is compressed is sent as it is, as a
 * file of that kind and without a content coding: apt and dnf hash the bytes as they are stored, and a client that unpacked them
 * on the way would find other ones. Whatever is not known is bytes.
 */
import { SIMPLE_JSON } from '../volume/python/choose-simple-form.ts';

const TEXT = 'text/plain; charset=utf-8';
const BYTES = 'application/octet-stream';

/** The CDN's function has the same two tables: functions/edge/object-response.js. */
export const BY_NAME: Readonly<Record<string, string>> = {
  InRelease: TEXT,
  Release: TEXT,
  Packages: TEXT,
  Sources: TEXT,
  SHA256SUMS: TEXT,
  SHA512SUMS: TEXT,
  CHECKSUM: TEXT,
  README: TEXT,
  LICENSE: TEXT,
  'Release.gpg': 'application/pgp-signature',
};

export const BY_EXTENSION: Readonly<Record<string, string>> = {
  asc: 'application/pgp-signature',
  bz2: 'application/x-bzip2',
  css: 'text/css; charset=utf-8',
  deb: 'application/vnd.debian.binary-package',
  gif: 'image/gif',
  gz: 'application/gzip',
  html: 'text/html; charset=utf-8',
  ico: 'image/vnd.microsoft.icon',
  iso: 'application/x-iso9660-image',
  jpg: 'image/jpeg',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  md: TEXT,
  pdf: 'application/pdf',
  png: 'image/png',
  rpm: 'application/x-rpm',
  sha256: TEXT,
  sig: 'application/pgp-signature',
  svg: 'image/svg+xml',
  tar: 'application/x-tar',
  tgz: 'application/gzip',
  txt: TEXT,
  udeb: 'application/vnd.debian.binary-package',
  v1_json: SIMPLE_JSON,
  whl: 'application/zip',
  xml: 'application/xml',
  xz: 'application/x-xz',
  yaml: TEXT,
  zip: 'application/zip',
  zst: 'application/zstd',
};

const own = (table: Readonly<Record<string, string>>, key: string): string | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

export const mediaType = (path: string): string => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 ? name.slice(dot + 1).toLowerCase() : '';
  return own(BY_NAME, name) ?? own(BY_EXTENSION, extension) ?? BYTES;
};
