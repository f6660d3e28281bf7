import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hostName } from '#domain/content/host-names.ts';
import { mirrorInfo } from '#domain/content/mirror-info.ts';
import { VOLUME_TYPES } from '#domain/volume/volume.ts';
import { runProgram } from '../../support/run-program.ts';

const info = {
  host: 'mirror.dfw.rackspace.example.org',
  scheme: 'https' as const,
  place: { region: 'dfw', provider: 'rackspace' },
  mounts: [
    { mount: 'wheel/debian-12-x86_64', type: 'wheel' as const },
    { mount: 'centos', type: 'rpm' as const },
  ],
};

test('a file to be sourced names the host, the place and a URL for each mount', () => {
  expect(mirrorInfo(info)).toBe(`# The mirrors of this network, to be sourced. What is set already stays as it is.
export MIRRORTIDE_MIRROR_HOST="\${MIRRORTIDE_MIRROR_HOST:-mirror.dfw.rackspace.example.org}"
export MIRRORTIDE_MIRROR_REGION="\${MIRRORTIDE_MIRROR_REGION:-dfw}"
export MIRRORTIDE_MIRROR_PROVIDER="\${MIRRORTIDE_MIRROR_PROVIDER:-rackspace}"
export MIRRORTIDE_MIRROR_URL="\${MIRRORTIDE_MIRROR_URL:-https://$MIRRORTIDE_MIRROR_HOST}"
export MIRRORTIDE_CENTOS_MIRROR="\${MIRRORTIDE_CENTOS_MIRROR:-$MIRRORTIDE_MIRROR_URL/centos}"
export MIRRORTIDE_WHEEL_DEBIAN_12_X86_64_MIRROR="\${MIRRORTIDE_WHEEL_DEBIAN_12_X86_64_MIRROR:-$MIRRORTIDE_MIRROR_URL/wheel/debian-12-x86_64/simple/}"
`);
});

test('a shell that sources it runs nothing and gets the URLs, whatever mounts are called; what is set stays', async () => {
  const hostile = fc
    .array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('$(id)', '`id`', '"', "'", '}', '\\', '!', '\n', '#', ';')), {
      minLength: 1,
      maxLength: 4,
    })
    .map((parts) => parts.join(''));
  const mounts = fc
    .sample(hostile, { numRuns: 60, seed: 7 })
    .map((text, at) => ({ mount: `m${at}/${text}`, type: VOLUME_TYPES[at % VOLUME_TYPES.length] ?? ('files' as const) }));
  const script = mirrorInfo({ ...info, place: { region: '$(id)"', provider: "';id" }, mounts });
  const shown = 'env -0 | grep -z "^MIRRORTIDE_" | tr "\\0" "\\n"';
  // Whoever runs the tests has variables of their own.
  const clean = ['-i', `PATH=${process.env['PATH'] ?? ''}`, 'sh', '-euc'];
  const { exitCode, stdout, stderr } = await runProgram('env', [
    ...clean,
    `MIRRORTIDE_MIRROR_URL=http://own\n${script}\n${shown}`,
  ]);
  expect([exitCode, stderr]).toEqual([0, '']);
  const values = stdout.trimEnd().split('\n');
  expect(values).toHaveLength(mounts.length + 4);
  for (const { mount } of mounts) {
    const url = values.find((line) => line.includes(`=http://own/${mount.split('/')[0]}/`)) ?? '';
    expect(decodeURIComponent(new URL(url.slice(url.indexOf('=') + 1)).pathname)).toContain(mount.toWellFormed());
  }
  expect(values).toContain('MIRRORTIDE_MIRROR_URL=http://own');
});

test.each([
  ['Mirror.Example.ORG:8080', 'mirror.example.org:8080'],
  ['127.0.0.1', '127.0.0.1'],
  ['[::1]:80', '[::1]:80'],
  ['mirror.example.org.', 'mirror.example.org.'],
  ['a"b', undefined],
  ['$(id)', undefined],
  ['a b', undefined],
  ['-a', undefined],
  ['', undefined],
  [undefined, undefined],
  ['a'.repeat(260), undefined],
  ['host/path', undefined],
])('the host that %j means is %j', (header, expected) => {
  expect(hostName(header)).toBe(expected);
});
