import fc from 'fast-check';
import { few, oneOf, some, text, url, type Values } from './document-values.ts';

const mount = (id: string) => oneOf(id, `/${id}/`, `of/${id}`);
const size = oneOf(1000, 123_457, '1 kB', '2KiB', '500 MB', '4096 MiB', '3 GiB');
const principal = oneOf('ada', 'grace@example.org', 'group:ci');

const volumeOf = (id: string, type: string, upstream: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.record(
    {
      id: fc.constant(id),
      mount: mount(id),
      type: fc.constant(type),
      quota: size,
      maximumShrinkShare: oneOf(0, 0.2, 1),
      maximumGrowthShare: oneOf(0, 0.5, 12),
      retain: oneOf(1, 10, 30),
      grace: oneOf('0s', '48h', '2d', '90d'),
      roles: some({ publishers: few(principal), releasers: few(principal), operators: few(principal) }),
      upstream,
      comment: text,
    },
    { requiredKeys: ['id', 'type'] },
  );

const upstreamOf = (own: Values, ...required: readonly string[]): fc.Arbitrary<unknown> => {
  const values: Values = {
    ...own,
    excludes: few(oneOf('x/.*', '.*\\.tmp')),
    every: oneOf('5m', '6h', '360m', '2d'),
    release: fc.boolean(),
  };
  return fc.record(values, { requiredKeys: [...required] });
};

const rsyncUpstream = upstreamOf({ url: url('RSYNC', 'Up'), kind: oneOf('rsync'), files: url('https', 'up') }, 'url', 'files');
const httpUpstream = (own: Values, ...required: readonly string[]) =>
  upstreamOf({ url: url('HTTPS', 'up'), kind: oneOf('http'), ...own }, 'url', ...required);
const suites = fc.array(oneOf('bookworm', '/bookworm-updates/', 'a/b'), { minLength: 1, maxLength: 3 });
const projects = fc.array(oneOf('Foo_Bar', 'foo-bar', 'x'), { minLength: 1, maxLength: 3 });

const VOLUMES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  centos: volumeOf('centos', 'rpm', fc.oneof(rsyncUpstream, httpUpstream({}))),
  ubuntu: volumeOf('ubuntu', 'apt', fc.oneof(rsyncUpstream, httpUpstream({ suites }, 'suites'))),
  wheels: volumeOf('wheels', 'pypi', fc.oneof(rsyncUpstream, httpUpstream({ projects }))),
  tools: volumeOf('tools', 'files', rsyncUpstream),
};

const proxyOf = (id: string, type: string, upstream: fc.Arbitrary<unknown>, own: Values): fc.Arbitrary<unknown> =>
  fc.record(
    {
      id: fc.constant(id),
      mount: mount(id),
      type: fc.constant(type),
      upstream,
      immutable: few(oneOf('.*\\.rpm', 'x')),
      fresh: oneOf('0s', '10m', '600s', '1d'),
      stale: oneOf('0s', '7d', '168h', '30d'),
      maximum: size,
      comment: text,
      ...own,
    },
    { requiredKeys: ['id', 'type', 'upstream'] },
  );

const PROXIES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  fedora: proxyOf('fedora', 'files', url('https', 'dl'), {}),
  python: proxyOf('python', 'pypi', oneOf('https://pypi.org', 'https://PyPI.org/x/', 'https://pypi.example.org'), {
    fileHosts: few(oneOf('https://files.pythonhosted.org', 'https://FILES.example.org/x/')),
  }),
};

const anyOf = (pool: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<unknown> =>
  fc.shuffledSubarray(Object.values(pool)).chain((chosen) => fc.tuple(...chosen));

/** Sections `content` that are valid, in every form that the file allows. */
export const contentSection: fc.Arbitrary<unknown> = some({ volumes: anyOf(VOLUMES), proxies: anyOf(PROXIES) }).chain((rest) =>
  fc.constantFrom(
    rest,
    { ...rest, domain: 'Mirrors.example.ORG' },
    {
      ...rest,
      domain: 'example.org',
      places: [
        { region: 'DFW', provider: 'rackspace' },
        { region: 'a-1', provider: 'b' },
      ],
    },
  ),
);
