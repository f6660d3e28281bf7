// The CDN's viewer-response function in front of the bucket: an object is tagged by its hash, as everywhere else, and has the type
// that its name in the URL says; the bucket knows neither, since one object may have several names. What a proxy volume keeps has the
// type that its upstream gave it, which may be a page of anybody's: it gets the policy that it has from the function behind content.
// CloudFront Functions, JavaScript runtime 2.0; see viewer-request.js. The local edge runs this very file. The table is that of
// shared/domain/content/media-type.ts; a test compares them.
const TEXT = 'text/plain; charset=utf-8';
const BY_NAME = {
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
const BY_EXTENSION = {
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
  v1_json: 'application/vnd.pypi.simple.v1+json',
  whl: 'application/zip',
  xml: 'application/xml',
  xz: 'application/x-xz',
  yaml: TEXT,
  zip: 'application/zip',
  zst: 'application/zstd',
};

// As FOREIGN_HEADERS of shared/domain/content/proxy-answer.ts; a test compares them.
const FOREIGN_POLICY = "sandbox allow-downloads; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'";

const UNASKED = ['content-disposition', 'content-language', 'expires'];

/** Without what every object has: a file may be called `a.constructor`. */
function own(table, key) {
  return Object.keys(table).indexOf(key) < 0 ? undefined : table[key];
}

function mediaType(name) {
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 ? name.slice(dot + 1).toLowerCase() : '';
  return own(BY_NAME, name) || own(BY_EXTENSION, extension) || 'application/octet-stream';
}

function decode(raw) {
  try {
    return decodeURIComponent(raw);
  } catch (_) {
    return raw;
  }
}

// biome-ignore lint/correctness/noUnusedVariables: the CDN calls it by this name
function handler(event) {
  const response = event.response;
  const key = /^\/(objects|proxy)\/([0-9a-f]{64})$/.exec(event.request.uri);
  if (!key || (response.statusCode !== 200 && response.statusCode !== 206)) return response;
  const name = event.request.headers['x-mirrortide-name'];
  response.headers.etag = { value: `"sha256-${key[2]}"` };
  response.headers['x-content-type-options'] = { value: 'nosniff' };
  // Whoever puts an object may say more of it than its upload was signed for.
  for (let i = 0; i < UNASKED.length; i++) delete response.headers[UNASKED[i]];
  if (key[1] === 'proxy') response.headers['content-security-policy'] = { value: FOREIGN_POLICY };
  else if (name) response.headers['content-type'] = { value: mediaType(decode(name.value)) };
  return response;
}
