// The CDN's viewer-request function in front of the bucket: a URL of an object becomes the object's key.
//   /_o/sha256/HEX/NAME   → /objects/HEX   a file of a volume
//   /_o/proxy/HEX/NAME    → /proxy/HEX     a file of a proxy volume
// The name is for people and programs that save the file; the cache keeps one copy whatever it is called. Nothing else of the bucket
// can be asked for. Clients know the object by the tag "sha256-HEX" (object-response.js), the bucket by another one, so conditions are
// decided here: what is named by its hash is unchanged for whoever has the hash.
// CloudFront Functions, JavaScript runtime 2.0; see viewer-request.js. The local edge runs this very file.
const FOLDERS = { sha256: 'objects', proxy: 'proxy' };

function headerValue(headers, name) {
  return headers[name] ? String(headers[name].value) : undefined;
}

/** RFC 9110, 13.1.2: any of the list, by weak comparison. */
function listsTag(ifNoneMatch, tag) {
  const tags = ifNoneMatch.split(',');
  for (let i = 0; i < tags.length; i++) {
    const one = tags[i].trim();
    if (one === '*' || one.replace(/^W\//, '') === tag) return true;
  }
  return false;
}

// biome-ignore lint/correctness/noUnusedVariables: the CDN calls it by this name
function handler(event) {
  const request = event.request;
  const named = /^\/_o\/(sha256|proxy)\/([0-9a-f]{64})\/([^/]+)$/.exec(request.uri);
  if (!named) {
    return {
      statusCode: 404,
      statusDescription: 'Not Found',
      headers: { 'cache-control': { value: 'public, max-age=5' }, 'content-type': { value: 'text/plain; charset=utf-8' } },
      body: 'There is no such object.\n',
    };
  }
  const tag = `"sha256-${named[2]}"`;
  const ifNoneMatch = headerValue(request.headers, 'if-none-match');
  if (ifNoneMatch !== undefined && listsTag(ifNoneMatch, tag)) {
    return {
      statusCode: 304,
      statusDescription: 'Not Modified',
      headers: { 'cache-control': { value: 'public, max-age=31536000, immutable' }, etag: { value: tag } },
    };
  }
  delete request.headers['if-none-match'];
  const ifRange = headerValue(request.headers, 'if-range');
  // Of something else than the client has a part is of no use.
  if (ifRange !== undefined && ifRange.trim() !== tag) delete request.headers.range;
  delete request.headers['if-range'];
  request.headers['x-mirrortide-name'] = { value: named[3] };
  request.uri = `/${FOLDERS[named[1]]}/${named[2]}`;
  request.querystring = {};
  return request;
}
