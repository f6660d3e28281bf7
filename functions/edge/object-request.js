// The CDN's viewer-request function in front of the bucket: a URL of an object becomes the object's key.
//   /_o/sha256/HEX/NAME   → /objects/HEX   a file of a volume
//   /_o/proxy/HEX/NAME    → /proxy/HEX     a file of a proxy volume
// The name is for people and programs that save the file; the cache keeps one copy whatever it is called. Nothing else of the bucket
// can be asked for.
// CloudFront Functions, JavaScript runtime 2.0; see viewer-request.js. The local edge runs this very file.
const FOLDERS = { sha256: 'objects', proxy: 'proxy' };

// biome-ignore lint/correctness/noUnusedVariables: the CDN calls it by this name
function handler(event) {
  const request = event.request;
  const named = /^\/_o\/(sha256|proxy)\/([0-9a-f]{64})\/[^/]+$/.exec(request.uri);
  if (!named) {
    return {
      statusCode: 404,
      statusDescription: 'Not Found',
      headers: { 'cache-control': { value: 'public, max-age=5' }, 'content-type': { value: 'text/plain; charset=utf-8' } },
      body: 'There is no such object.\n',
    };
  }
  request.uri = `/${FOLDERS[named[1]]}/${named[2]}`;
  request.querystring = {};
  return request;
}
