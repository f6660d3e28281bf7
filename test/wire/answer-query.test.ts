import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAnswerQuery } from '#wire/answer-query.ts';

const PLAIN = {
  kind: 'list',
  format: 'metalink',
  target: { kind: 'repository', repo: 'fedora-41', arch: 'x86_64' },
  countries: [],
  protocols: undefined,
  redirect: false,
  netblock: true,
  time: false,
};
const request = (path: string, query = '') => {
  const parsed = parseAnswerQuery(path, query);
  return parsed.kind === 'answer' ? parsed.request : parsed;
};

describe('a question', () => {
  it.each([
    ['/metalink', 'repo=fedora-41&arch=x86_64'],
    ['/metalink/', 'arch=x86_64&repo=fedora-41&countme=3'],
    ['/metalink/fedora-41/x86_64', ''],
    ['/metalink', 'repo=fedora%2D41&arch=x86%5F64'],
    ['//metalink//fedora%2D41/x86_64', 'protocol='],
    ['/metalink', '&&repo=fedora-41&arch=x86_64&repo=other&=&x'],
    ['/metalink', 'repo=fedora-41&arch=x86_64&redirect=0&time=0&netblock=1&country=&country=nowhere'],
  ])('%s?%s is the plain one', (path, query) => {
    expect(request(path, query)).toEqual(PLAIN);
  });

  it('has every parameter that MirrorManager knows', () => {
    const query =
      'path=/pub//a/libstdc++%201.rpm/&country=de,FR,de,global,xyz&protocol=HTTPS,rsync,%00&redirect=1&netblock=0&time=1&repo=x&arch=y';
    expect(request('/mirrorlist', query)).toEqual({
      kind: 'list',
      format: 'mirrorlist',
      target: { kind: 'path', path: 'pub/a/libstdc++ 1.rpm' },
      countries: ['DE', 'FR', 'GLOBAL'],
      protocols: ['https', 'rsync'],
      redirect: true,
      netblock: false,
      time: true,
    });
  });

  it.each([
    ['', 'either path=, or repo= and arch= must be specified'],
    ['repo=x', 'either path=, or repo= and arch= must be specified'],
    ['repo=&arch=y', 'either path=, or repo= and arch= must be specified'],
    [`repo=${'x'.repeat(201)}&arch=y`, 'repo or arch is longer than 200 characters'],
    [`path=${'x'.repeat(1_001)}`, 'path is longer than 1000 characters'],
    [`repo=x&arch=y&z=${'x'.repeat(3_000)}`, 'the URL is longer than 3000 characters'],
  ])('%s asks nothing', (query, problem) => {
    expect(request('/explain', query)).toEqual({ kind: 'invalid', format: 'explain', problem });
  });

  it.each(['/', '', '/metalinks', '/x/metalink', '/metalink/one', '/statusx', '/status/x', '/%6'])(
    '%s is for nothing we have',
    (path) => {
      expect(request(path)).toEqual({ kind: 'not-found' });
    },
  );

  it('asks for the status page by its two names', () => {
    expect(request('/status')).toEqual({ kind: 'status', json: false });
    expect(request('/status.json', 'x=y')).toEqual({ kind: 'status', json: true });
  });

  it('is parsed without an exception, whatever is sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), fc.boolean(), (path, query, known) => {
        expect(['answer', 'status', 'not-found']).toContain(parseAnswerQuery(known ? `/metalink${path}` : path, query).kind);
      }),
    );
  });
});
