// The CDN's viewer-request function in front of content: it runs before the cache, on every request, and leaves in a request only what
// answers depend on, which is then the cache key:
//   path     as it is, without the query
//   accept   on pages of a Python index (`…/simple/…`): which of their forms the client gets, since clients write this header in a
//            hundred ways; `none/none` when it accepts none of them
//   host     of the file that names a client's mirrors, and the scheme: whoever asks it has reached this network by that name
// CloudFront Functions, JavaScript runtime 2.0; see viewer-request.js. The local edge runs this very file.
const FORMS = ['text/html', 'application/vnd.pypi.simple.v1+json', 'application/vnd.pypi.simple.v1+html'];
const NO_FORM = 'none/none';
const LONGEST_ACCEPT = 2000;
const MIRROR_INFO = '/mirror-info.sh';

/** A header that was sent more than once is one list. */
function headerValue(headers, name) {
  const header = headers[name];
  if (!header) return '';
  if (!header.multiValue) return String(header.value);
  const values = [];
  for (let i = 0; i < header.multiValue.length; i++) values.push(header.multiValue[i].value);
  return values.join(',');
}

function parseRange(written) {
  const parts = written.split(';');
  const range = { type: parts[0].trim().toLowerCase().replace('.simple.latest+', '.simple.v1+'), quality: 1 };
  for (let i = 1; i < parts.length; i++) {
    const quality = /^q=([01](?:\.\d{0,3})?)$/.exec(parts[i].trim().toLowerCase());
    if (quality) {
      range.quality = Math.min(Number(quality[1]), 1);
      return range;
    }
  }
  return range;
}

/** The best of the ranges that name the type so; undefined when none does. */
function qualityAs(type, ranges) {
  let best;
  for (let i = 0; i < ranges.length; i++) {
    if (ranges[i].type === type && (best === undefined || ranges[i].quality > best)) best = ranges[i].quality;
  }
  return best;
}

/** The most exact range that covers the form decides. */
function qualityOf(form, ranges) {
  const names = [form, `${form.slice(0, form.indexOf('/'))}/*`, '*/*'];
  for (let i = 0; i < names.length; i++) {
    const quality = qualityAs(names[i], ranges);
    if (quality !== undefined) return quality;
  }
  return 0;
}

function chooseForm(accept) {
  const text = accept.trim();
  if (text === '' || text.length > LONGEST_ACCEPT) return FORMS[0];
  const ranges = text.split(',').map(parseRange);
  let chosen = { form: NO_FORM, quality: 0 };
  for (let i = 0; i < FORMS.length; i++) {
    const quality = qualityOf(FORMS[i], ranges);
    if (quality > chosen.quality) chosen = { form: FORMS[i], quality: quality };
  }
  return chosen.form;
}

/** As the function behind us reads it: `%2D` is a dash there. */
function decodedPath(uri) {
  try {
    return decodeURIComponent(uri);
  } catch (_) {
    return uri;
  }
}

// biome-ignore lint/correctness/noUnusedVariables: the CDN calls it by this name
function handler(event) {
  const request = event.request;
  const headers = request.headers;
  const accept = headerValue(headers, 'accept');
  const host = headerValue(headers, 'host');
  const scheme = headerValue(headers, 'cloudfront-forwarded-proto');
  const names = Object.keys(headers);
  for (let i = 0; i < names.length; i++) {
    // What the function behind us believes comes from here alone.
    if (names[i].slice(0, 13) === 'x-mirrortide-') delete headers[names[i]];
  }
  const path = decodedPath(request.uri);
  if (/\/simple(\/|$)/.test(path)) headers['x-mirrortide-accept'] = { value: chooseForm(accept) };
  if (path === MIRROR_INFO) {
    headers['x-mirrortide-host'] = { value: host.toLowerCase() };
    headers['x-mirrortide-scheme'] = { value: scheme === 'https' ? 'https' : 'http' };
  }
  request.querystring = {};
  return request;
}
