import { describe, expect, test } from 'vitest';
import { PROXY_TYPES, type ProxyType } from '#domain/content/content-rules.ts';
import { defaultFileHosts, defaultImmutable } from '#domain/content/proxy-defaults.ts';
import { patternProblem } from '#domain/master/pattern-problem.ts';

const HASH = 'ab'.repeat(32);

const isImmutable = (type: ProxyType, path: string): boolean =>
  defaultImmutable(type).some((pattern) => new RegExp(`^(?:${pattern})$`, 'u').test(path));

describe('what is immutable unless something else is said', () => {
  test.each<[ProxyType, string]>([
    ['files', '9-stream/BaseOS/x86_64/os/Packages/bash-5.1.8-9.el9.x86_64.rpm'],
    ['files', 'drpms/bash-5.1.8-8_5.1.8-9.x86_64.drpm'],
    ['files', 'pool/main/b/bash/bash_5.2.15-2+b2_amd64.deb'],
    ['files', 'pool/main/d/di/anna_1.92_amd64.udeb'],
    ['files', `dists/bookworm/main/binary-amd64/by-hash/SHA256/${HASH}`],
    ['files', `9/os/repodata/${HASH}-primary.xml.gz`],
    ['files', `repodata/${HASH}-primary.xml.zst`],
    ['pypi', `packages/ab/cd/${HASH}/requests-2.32.3-py3-none-any.whl`],
    ['pypi', `packages/ab/cd/${HASH}/requests-2.32.3-py3-none-any.whl.metadata`],
    ['pypi', `packages/ab/cd/${HASH}/requests-2.32.3.tar.gz`],
    ['pypi', 'packages/zipped-1.0.zip'],
  ])('%s: %s', (type, path) => {
    expect(isImmutable(type, path)).toBe(true);
  });

  test.each<[ProxyType, string]>([
    ['files', 'os/repodata/repomd.xml'],
    ['files', 'os/repodata/primary.xml.gz'],
    ['files', 'dists/bookworm/InRelease'],
    ['files', 'dists/bookworm/main/binary-amd64/Packages.xz'],
    ['files', 'dists/bookworm/main/installer-amd64/current/images/netboot/netboot.tar.gz'],
    ['files', 'by-hash/SHA256/'],
    ['files', 'iso/CentOS-Stream-9-latest-x86_64-dvd1.iso'],
    ['files', 'wheels/requests-2.32.3-py3-none-any.whl'],
    ['files', 'rpm'],
    ['files', 'a.rpm/'],
    ['pypi', 'simple/'],
    ['pypi', 'simple/requests/'],
    ['pypi', 'simple/requests/index.v1_json'],
    ['pypi', 'pypi/requests/json'],
    ['pypi', `packages/ab/cd/${HASH}/requests-2.32.3.whl.provenance`],
  ])('not %s: %s', (type, path) => {
    expect(isImmutable(type, path)).toBe(false);
  });

  test('is said in expressions that a network file may have', () => {
    const patterns = PROXY_TYPES.flatMap(defaultImmutable);
    expect(patterns.map((pattern) => [pattern, patternProblem(pattern)])).toEqual(
      patterns.map((pattern) => [pattern, undefined]),
    );
  });
});

test.each<[ProxyType, string, readonly string[]]>([
  ['pypi', 'https://pypi.org', ['https://files.pythonhosted.org']],
  ['pypi', 'https://pypi.org/simple', ['https://files.pythonhosted.org']],
  ['pypi', 'https://pypi.org.example.net', []],
  ['pypi', 'https://pypi.example.org', []],
  ['pypi', 'https://example.org/pypi.org', []],
  ['files', 'https://pypi.org', []],
])('files of pages of a proxy volume of type %s before %s are below %j', (type, upstream, hosts) => {
  expect(defaultFileHosts(type, upstream)).toEqual(hosts);
});
