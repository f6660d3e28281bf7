import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerRequest } from '#domain/answer/answer-request.ts';
import { type AnswerFormat, type ListRequest, repositoryRequest } from '#domain/answer/request.ts';
import { UNKNOWN_CLIENT } from '#domain/selection/client.ts';
import { aPointer, type NetworkSketch, sketchNetwork, viewOf } from '../../support/snapshot-document.ts';

const DE = { ...UNKNOWN_CLIENT, country: 'DE' };
const sketch = { hosts: ['a DE', 'b FR http', 'c FR rsync', 'd DE down'], minimumHosts: 1 };

const ask = (over: Partial<ListRequest> = {}, network: NetworkSketch = sketch, client = DE) =>
  answerRequest(
    viewOf(sketchNetwork(network)),
    aPointer,
    { ...repositoryRequest('mirrorlist', 'linux-41', 'x86_64'), ...over },
    client,
  );

const repo = (name: string, arch = 'x86_64') => ({ kind: 'repository', repo: name, arch }) as const;
const path = (text: string) => ({ kind: 'path', path: text }) as const;

describe('a mirrorlist', () => {
  it('is a comment with the rules that applied and one bare URL per host', () => {
    expect(ask()).toEqual({
      status: 200,
      contentType: 'text/plain; charset=utf-8',
      headers: {},
      body: '# repo = linux-41 arch = x86_64 country = DE country = FR \nhttps://a.example/linux/41/x86_64/\nhttp://b.example/linux/41/x86_64/\n',
    });
  });

  it('gives every URL of the asked protocols', () => {
    expect(ask({ protocols: ['http', 'https', 'rsync'] }).body).toBe(
      '# repo = linux-41 arch = x86_64 country = DE country = FR protocol = http,https,rsync\n' +
        ask({ protocols: ['http', 'https', 'rsync'] })
          .body.split('\n')
          .slice(1)
          .join('\n'),
    );
    expect(
      ask({ protocols: ['http', 'https', 'rsync'] })
        .body.split('\n')
        .slice(1, -1)
        .sort(),
    ).toEqual([
      'http://a.example/linux/41/x86_64/',
      'http://b.example/linux/41/x86_64/',
      'https://a.example/linux/41/x86_64/',
      'rsync://c.example/linux/41/x86_64/',
    ]);
  });

  it('says when it was published to those who ask', () => {
    expect(ask({ time: true }).body.split('\n')[1]).toBe('# database creation time: 1795226142');
  });

  it('names netblock, network and everywhere in its comment', () => {
    const hosts = ['n US net=10.0.0.0/8', 's US asn=64500', 'far JP'];
    const client = { ...DE, netblock: '10.0.0.0/8', asn: 64_500 };
    expect(ask({}, { hosts, minimumHosts: 5 }, client).body.split('\n')[0]).toBe(
      '# repo = linux-41 arch = x86_64 Using preferred netblock Using ASN 64500 country = global ',
    );
  });

  it('follows an alias', () => {
    const network = { ...sketch, aliases: [{ from: 'latest', to: 'linux-41' }] };
    expect(ask({ target: repo('latest') }, network)).toEqual(ask({}, network));
  });

  it('is for a directory or a file when asked by path, percent-encoded as a URL', () => {
    expect(ask({ target: path('pub/linux/41') }).body).toContain('https://a.example/linux/41/\n');
    expect(ask({ target: path('pub/linux/41/libstdc++-4 1%.rpm') }).body).toContain(
      'https://a.example/linux/41/libstdc++-4%201%25.rpm\n',
    );
    expect(ask({ target: path('pub/linux') }).body).toContain('https://a.example/linux/\n');
  });
});

describe('a list for apt', () => {
  const network = { hosts: ['a DE', 'b FR http', 'c FR rsync'], type: 'apt', minimumHosts: 1 } as const;

  it('has one http or https URL per host, a TAB and the priority', () => {
    expect(ask({}, network).body).toBe(
      '# repo = linux-41 arch = x86_64 country = DE country = FR \nhttps://a.example/linux/41/x86_64/\tpriority:1\nhttp://b.example/linux/41/x86_64/\tpriority:2\n',
    );
  });

  it('is explained with the same hosts', () => {
    const told = JSON.parse(ask({ format: 'explain' }, network).body);
    expect(told.accepted.map((one: { host: string }) => one.host)).toEqual(['a', 'b']);
    expect(told.excluded.map((one: { host: string; text: string }) => [one.host, one.text])).toEqual([
      ['c', 'has no working URL for https, http'],
    ]);
  });

  it('is never a redirect and never has another protocol', () => {
    expect(ask({ redirect: true }, network)).toEqual(ask({}, network));
    expect(ask({ protocols: ['rsync', 'http'] }, network).body).not.toContain('rsync://');
    expect(ask({ protocols: ['rsync', 'ftp'] }, network).status).toBe(404);
  });
});

describe('a redirect', () => {
  it('goes to the first host’s https URL of the file', () => {
    const answer = ask({ target: path('pub/linux/41/x.iso'), redirect: true });
    expect(answer).toEqual({
      status: 302,
      contentType: 'text/plain; charset=utf-8',
      headers: { location: 'https://a.example/linux/41/x.iso' },
      body: '',
    });
  });

  it('is 404 when nobody speaks http', () => {
    expect(ask({ redirect: true, protocols: ['rsync'] }).status).toBe(404);
  });
});

describe('a metalink', () => {
  it('exists for a repository and for the path of its metadata, with the same hosts', () => {
    const byRepository = ask({ format: 'metalink' });
    const byPath = ask({ format: 'metalink', target: path('pub/linux/41/x86_64/repodata/repomd.xml') });
    expect(byRepository.contentType).toBe('application/metalink+xml');
    expect(byRepository.body).toContain('<file name="repomd.xml">');
    expect(byRepository.body).toContain('>https://a.example/linux/41/x86_64/repodata/repomd.xml</url>');
    expect(byPath.status).toBe(200);
    expect(byPath.body.match(/<url /g)?.length).toBe(byRepository.body.match(/<url /g)?.length);
  });

  it('does not exist for other files', () => {
    const answer = ask({ format: 'metalink', target: path('pub/linux/41/x.iso') });
    expect([answer.status, answer.contentType]).toEqual([404, 'application/metalink+xml']);
    expect(answer.body).toContain('<!-- pub/linux/41/x.iso not found or has no metalink\n-->');
  });
});

describe('an error', () => {
  it.each<[string, Partial<ListRequest>, string]>([
    [
      'an unknown repository',
      { target: repo('linux-14') },
      '# repo = linux-14 arch = x86_64 error: invalid repo or arch\n# near names:\n# repo=linux-41&arch=x86_64\n',
    ],
    [
      'an unknown architecture',
      { target: repo('linux-41', 'x86-64') },
      '# repo = linux-41 arch = x86-64 error: invalid repo or arch\n# near names:\n# repo=linux-41&arch=x86_64\n',
    ],
    [
      'an unknown path',
      { target: path('pub/linux/14/x86_64/x') },
      '# path = pub/linux/14/x86_64/x error: invalid path\n# near names:\n# path=pub/linux/41\n# path=pub/linux\n',
    ],
    [
      'a path that climbs',
      { target: path('pub/linux/..') },
      '# path = pub/linux/.. error: invalid path\n# near names:\n# path=pub/linux/41\n# path=pub/linux\n',
    ],
    [
      'no fitting host',
      { protocols: ['ftp'] },
      '# repo = linux-41 arch = x86_64 error: no mirror fits this client; /explain says why\n',
    ],
  ])('for %s is 404 and names what is near', (_, over, body) => {
    expect(ask(over)).toEqual({ status: 404, contentType: 'text/plain; charset=utf-8', headers: {}, body });
  });

  it('for a disabled repository says so', () => {
    expect(ask({}, { ...sketch, disabled: true }).body).toBe('# repo = linux-41 arch = x86_64 error: repo disabled\n');
  });

  it('for a question that asks nothing is 400 in the format asked for', () => {
    const answer = (format: AnswerFormat) =>
      answerRequest(viewOf(sketchNetwork(sketch)), aPointer, { kind: 'invalid', format, problem: 'no' }, DE);
    expect(answer('mirrorlist')).toEqual({ status: 400, contentType: 'text/plain; charset=utf-8', headers: {}, body: '# no\n' });
    expect(answer('explain')).toEqual({
      status: 400,
      contentType: 'application/json',
      headers: {},
      body: '{"error":"no","near":[]}\n',
    });
    expect(answer('metalink').status).toBe(400);
  });

  it('echoes nothing that would start a line or a list of its own', () => {
    expect(ask({ target: repo('a\nhttps://evil.example/\u2028\u0000"') }).body.split('\n')[0]).toBe(
      '# repo = a?https://evil.example/??? arch = x86_64 error: invalid repo or arch',
    );
  });

  it('names only as many near names as fit', () => {
    const document = sketchNetwork(sketch);
    const [first] = document.repositories;
    if (first === undefined) throw new Error('the sketch has a repository');
    const long = Array.from({ length: 6 }, (_, n) => ({ ...first, repo: `${'long-name-'.repeat(18)}${n}` }));
    const view = viewOf({ ...document, repositories: long });
    const { body } = answerRequest(view, aPointer, repositoryRequest('metalink', 'long-name-'.repeat(18), 'x86_64'), DE);
    expect(body.match(/repo=long/g)).toHaveLength(1);
    expect(Buffer.byteLength(body)).toBeLessThan(1_000);
  });

  it('stays under a kilobyte and on commented lines whatever was asked', () => {
    const view = viewOf(sketchNetwork(sketch));
    const anyTarget = fc.oneof(
      fc.record({
        kind: fc.constant('repository' as const),
        repo: fc.string({ unit: 'binary', maxLength: 400 }),
        arch: fc.string({ maxLength: 400 }),
      }),
      fc.record({ kind: fc.constant('path' as const), path: fc.string({ unit: 'binary', maxLength: 900 }) }),
    );
    fc.assert(
      fc.property(anyTarget, fc.constantFrom<AnswerFormat>('mirrorlist', 'metalink', 'explain'), (target, format) => {
        const { status, body } = answerRequest(view, aPointer, { ...repositoryRequest(format, '', ''), target }, DE);
        expect(status).toBe(404);
        expect(Buffer.byteLength(body)).toBeLessThan(1_000);
        if (format === 'mirrorlist')
          expect(
            body
              .split('\n')
              .slice(0, -1)
              .every((line) => line.startsWith('# ')),
          ).toBe(true);
      }),
    );
  });
});

describe('explain', () => {
  it('has every host of the category, accepted or excluded, and hides what a private host would not tell', () => {
    const hosts = [
      'a DE w=300',
      'b DE',
      'far US',
      'old FR alternate',
      's FR stale',
      'n FR absent',
      'u FR unproven',
      'x FR down',
      'p DE private net=10.0.0.0/8',
    ];
    const answer = ask({ format: 'explain' }, { hosts, minimumHosts: 2 });
    const told = JSON.parse(answer.body);
    expect(told.accepted.map((one: { host: string }) => one.host).sort()).toEqual(['a', 'b', 'old']);
    expect(told.accepted.find((one: { host: string }) => one.host === 'a')).toMatchObject({
      firstPercent: 75,
      shareOfTierPercent: 75,
      standing: 'current',
    });
    expect(Object.fromEntries(told.excluded.map((one: { host: string; text: string }) => [one.host, one.text]))).toEqual({
      far: 'far away, and at least 2 nearer hosts were found',
      s: 'serves metadata that is not, or not yet, accepted',
      n: 'does not have it',
      u: 'nobody proved what it holds since the master changed',
      x: 'does not answer',
      p: 'private: serves only its own netblocks and networks',
    });
    expect(answer.body).not.toContain('p.example');
  });
});
