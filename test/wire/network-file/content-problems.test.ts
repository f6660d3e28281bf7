import { describe, expect, test } from 'vitest';
import { messagesAfter, set } from './reading.ts';

const problemsOf = (content: unknown): readonly string[] => messagesAfter((file) => set(file, { content }));

const volume = (more: object) => ({ volumes: [{ id: 'a', type: 'rpm', ...more }] });
const upstream = (type: string, more: object) => volume({ type, upstream: more });
const proxy = (more: object) => ({ proxies: [{ id: 'a', type: 'files', upstream: 'https://x.example.org', ...more }] });
const RSYNC = 'rsync://x.example.org/m';
const FILES = 'https://x.example.org/m';
const DOMAIN = 'must be a DNS name like `example.org`, of at most 180 characters';
const LABEL = 'must be letters, digits and `-`: it is a part of a DNS name';
const LONG = 'x'.repeat(40);

describe('a bad value of content is named with its field', () => {
  test.each<[string, unknown, readonly string[]]>([
    ['no name', { domain: 'example..org' }, [`content.domain: ${DOMAIN}`]],
    ['an address', { domain: '192.0.2.1' }, [`content.domain: ${DOMAIN}`]],
    ['a long name', { domain: `${'x.'.repeat(90)}org` }, [`content.domain: ${DOMAIN}`]],
    [
      'a place that is no part of a name',
      { domain: 'x.org', places: [{ region: 'a.b', provider: '-c' }] },
      [`content.places[0].region: ${LABEL}`, `content.places[0].provider: ${LABEL}`],
    ],
    [
      'a place whose name is too long',
      { domain: 'x.org', places: [{ region: LONG, provider: LONG }] },
      [`content.places[0]: its name mirror-${LONG}-${LONG} is longer than 63 characters`],
    ],
    [
      'places of one name',
      {
        domain: 'x.org',
        places: [
          { region: 'a-b', provider: 'c' },
          { region: 'a', provider: 'b-c' },
        ],
      },
      ['content.places[1]: a place of this name is already at content.places[0]'],
    ],
    [
      'places without a domain',
      { places: [{ region: 'a', provider: 'b' }] },
      ['content.places: need the key `domain`, below which their names are'],
    ],
    ['a volume of nothing', { volumes: [{ id: 'a' }] }, ['content.volumes[0]: the key `type` is missing']],
    ['no mount', volume({ mount: '/' }), ['content.volumes[0].mount: a path is not empty']],
    ['a mount that climbs', volume({ mount: 'a/../b' }), ['content.volumes[0].mount: a path has no . or .. in it']],
    ['a mount of a release', volume({ mount: 'a@1' }), ['content.volumes[0].mount: a mount has no @, which names a release']],
    [
      'a mount that means something else',
      volume({ mount: 'api/x' }),
      ['content.volumes[0].mount: /api has another meaning here'],
    ],
    ['an id that does', volume({ id: 'metalink' }), ['content.volumes[0].id: /metalink has another meaning here']],
    ['a mount that is no text', volume({ mount: 5 }), ['content.volumes[0].mount: expected a text, found a number']],
    [
      'one id of a volume and a proxy volume, and so one mount',
      { ...volume({}), ...proxy({}) },
      ['content.proxies[0].id: this id is already at content.volumes[0].id'],
    ],
    [
      'mounts that machines cannot tell apart',
      { ...volume({ mount: 'x/y' }), ...proxy({ id: 'b', mount: 'x-y' }) },
      ['content.proxies[0].mount: differs from the mount of a in punctuation or case only'],
    ],
    [
      'one mount of both',
      { ...volume({}), ...proxy({ id: 'b', mount: 'a/b' }) },
      ['content.proxies[0].mount: is at or below the mount of a'],
    ],
    ['nothing to go back to', volume({ retain: 0 }), ['content.volumes[0].retain: must be a whole number, 1 to 1000']],
    ['a share', volume({ maximumShrinkShare: 20 }), ['content.volumes[0].maximumShrinkShare: must be a share, 0 to 1']],
    ['growth', volume({ maximumGrowthShare: -1 }), ['content.volumes[0].maximumGrowthShare: must be a share, 0 to 1000']],
    [
      'a group of no name',
      volume({ roles: { operators: ['group:'] } }),
      ['content.volumes[0].roles.operators[0]: names no group; write `group:NAME`'],
    ],
    [
      'rsync without files',
      upstream('rpm', { url: RSYNC }),
      ['content.volumes[0].upstream: with rsync the key `files` is needed'],
    ],
    [
      'files beside http',
      upstream('rpm', { url: FILES, files: FILES }),
      ['content.volumes[0].upstream.files: goes with rsync only'],
    ],
    [
      'apt over http without suites',
      upstream('apt', { url: FILES }),
      ['content.volumes[0].upstream: with `apt` over http(s) the key `suites` is needed'],
    ],
    [
      'suites of what has none',
      upstream('rpm', { url: FILES, suites: ['noble'] }),
      ['content.volumes[0].upstream.suites: goes with `apt` over http(s) only'],
    ],
    [
      'projects where all is copied',
      upstream('pypi', { url: RSYNC, files: FILES, projects: ['x'] }),
      ['content.volumes[0].upstream.projects: goes with `pypi` and `wheel` over http(s) only'],
    ],
    [
      'a project that is none',
      upstream('pypi', { url: FILES, projects: ['../x'] }),
      [
        'content.volumes[0].upstream.projects[0]: must be the name of a Python project: letters, digits, and `-`, `_` or `.` inside',
      ],
    ],
    [
      'another kind than the URL says',
      upstream('rpm', { url: FILES, kind: 'rsync' }),
      ['content.volumes[0].upstream.kind: is not what `url` begins with, which is http'],
    ],
    [
      'an upstream of another world, and nothing that would follow from it',
      upstream('apt', { url: 'ftp://x.example.org', files: FILES }),
      ['content.volumes[0].upstream.url: FTP is not supported: clients stopped speaking it; write http://, https://, rsync://'],
    ],
    [
      'an expression that excludes everything',
      upstream('rpm', { url: FILES, excludes: [''] }),
      ['content.volumes[0].upstream.excludes[0]: must not be empty'],
    ],
    ['too often', upstream('rpm', { url: FILES, every: '4m' }), ['content.volumes[0].upstream.every: must be 5m to 30d']],
    [
      'an address inside, and a port of it',
      proxy({ type: 'pypi', upstream: 'http://10.0.0.1/x', fileHosts: ['https://x.example.org:8443/'] }),
      [
        'content.proxies[0].upstream: 10.0.0.1 is not a public address (private); if that is meant, put it into policies.crawl.allowedAddresses',
        'content.proxies[0].fileHosts[0]: port 8443 is not allowed; if that is meant, put it into policies.crawl.allowedPorts',
      ],
    ],
    ['rsync for a proxy', proxy({ upstream: RSYNC }), ['content.proxies[0].upstream: must begin with http://, https://']],
    ...['/simple', '/root/simple//'].map((end): [string, unknown, readonly string[]] => [
      `an index for what it is below: ${end}`,
      proxy({ type: 'pypi', upstream: `https://x.example.org${end}` }),
      ['content.proxies[0].upstream: names the pages themselves; write what is above `simple`'],
    ]),
    [
      'hosts of files where no page is read',
      proxy({ fileHosts: [FILES] }),
      ['content.proxies[0].fileHosts: goes with `pypi` only'],
    ],
    [
      'an expression that takes forever',
      proxy({ immutable: ['(a+)+'] }),
      [
        'content.proxies[0].immutable[0]: the group before `+` is repeated and holds a repetition or an alternative itself, which can take forever',
      ],
    ],
    ['what no object can hold', proxy({ maximum: '6 GiB' }), ['content.proxies[0].maximum: must be 1 kB to 5 GiB']],
    ['an unknown key', proxy({ freshness: '1m' }), ['content.proxies[0].freshness: unknown key `freshness`']],
  ])('%s', (_what, content, messages) => {
    expect(problemsOf(content)).toEqual(messages);
  });
});
