import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseSimpleForm } from '#domain/volume/python/choose-simple-form.ts';
import { loadContentFunction, type ViewerRequest } from '../../local/edge/viewer-function.ts';

const viewer = await loadContentFunction();

const view = (uri: string, headers: ViewerRequest['headers'] = {}): ViewerRequest =>
  viewer({
    version: '1.0',
    context: { eventType: 'viewer-request' },
    viewer: { ip: '192.0.2.1' },
    request: { method: 'GET', uri, querystring: { x: { value: '1' } }, headers: { ...headers } },
  });
const ours = ({ headers }: ViewerRequest): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith('x-mirrortide-'))
      .map(([name, { value }]) => [name, value]),
  );

describe('the form of a page', () => {
  test.each(['/pypi/simple/', '/pypi/%73imple/', '/pypi%2Fsimple', '/pypi/simple', '/pypi@12/simple/hat/', '/proxy/a/simple/b'])(
    'is decided for %s',
    (uri) => {
      expect(ours(view(uri, { accept: { value: 'application/vnd.pypi.simple.v1+json' } }))).toEqual({
        'x-mirrortide-accept': 'application/vnd.pypi.simple.v1+json',
      });
    },
  );

  test.each(['/', '/centos/repodata/repomd.xml', '/simplest/', '/a/simples'])('is nothing to %s', (uri) => {
    expect(ours(view(uri, { accept: { value: 'text/html' } }))).toEqual({});
  });

  test('is the one that the function would choose by the whole header, and none when it would refuse', () => {
    const type = fc.constantFrom(
      'text/html',
      'text/*',
      '*/*',
      'application/*',
      'application/vnd.pypi.simple.v1+json',
      'application/vnd.pypi.simple.v1+html',
      'application/vnd.pypi.simple.latest+json',
      'Application/Vnd.Pypi.Simple.V1+JSON',
      'image/png',
      '',
    );
    const quality = fc.constantFrom(
      '',
      ';q=0',
      ';q=0.0',
      ';q=0.5',
      '; Q=0.51',
      ';q=1',
      ';q=1.5',
      ';q=x',
      ';v=1;q=0.2',
      ';q=0.3;q=0.9',
    );
    const header = fc.oneof(
      fc.array(fc.tuple(type, quality), { maxLength: 6 }).map((parts) => parts.map((part) => part.join('')).join(', ')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(header, (accept) => {
        const chosen = ours(view('/pypi/simple/', { accept: { value: accept } }))['x-mirrortide-accept'];
        expect(chosen).toBe(chooseSimpleForm(accept) ?? 'none/none');
        // What is in the cache key means to the function what the header meant.
        expect(chooseSimpleForm(chosen)).toBe(chooseSimpleForm(accept));
      }),
      { numRuns: 500 },
    );
  });

  test('is decided by all headers of the name together', () => {
    const accept = { value: 'image/png', multiValue: [{ value: 'image/png' }, { value: 'text/html' }] };
    expect(ours(view('/pypi/simple/', { accept }))).toEqual({ 'x-mirrortide-accept': 'text/html' });
  });
});

describe('a request', () => {
  test('says under which name its machine knows this network, where that matters', () => {
    const headers = { host: { value: 'Mirror.DFW.Example.org' }, 'cloudfront-forwarded-proto': { value: 'https' } };
    for (const written of ['/mirror-info.sh', '/mirror%2Dinfo%2esh'])
      expect(ours(view(written, headers))).toEqual({
        'x-mirrortide-host': 'mirror.dfw.example.org',
        'x-mirrortide-scheme': 'https',
      });
    expect(ours(view('/mirror-info%', headers))).toEqual({});
    expect(ours(view('/mirror-info.sh'))).toEqual({ 'x-mirrortide-host': '', 'x-mirrortide-scheme': 'http' });
    expect(ours(view('/centos/', headers))).toEqual({});
  });

  test('loses its query and what only this function may say, and keeps the rest', () => {
    const forged = {
      'x-mirrortide-host': { value: 'evil' },
      'x-mirrortide-accept': { value: 'x' },
      range: { value: 'bytes=0-1' },
    };
    expect(view('/a', forged)).toEqual({ method: 'GET', uri: '/a', querystring: {}, headers: { range: { value: 'bytes=0-1' } } });
  });

  test('may be anything', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, fc.dictionary(text, fc.record({ value: text })), (uri, headers) => {
        expect(view(`/${uri}`, headers).querystring).toEqual({});
      }),
    );
  });
});
