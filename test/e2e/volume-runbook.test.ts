import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProgram } from '../support/run-program.ts';
import { startVolumeNetwork, type VolumeNetwork } from '../support/volume-network.ts';

/** What the runbook tells an operator to type while a bad release is out, typed: taken from the page, with its words filled in. */
const NETWORK = `
network: { name: runbook, contact: tests@mirrors.example }
content:
  volumes:
    - id: tools
      mount: pub/tools
      type: files
      maximumShrinkShare: 1
      roles: { publishers: [olga], releasers: [olga], operators: [olga] }
`;
const PATH = 'hat/README';

let network: VolumeNetwork;
let folder: string;
let blocks: readonly string[];

beforeAll(async () => {
  network = await startVolumeNetwork(NETWORK, ['olga']);
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-runbook-'));
  const page = await readFile(new URL('../../docs/RUNBOOK.md', import.meta.url), 'utf8');
  const section = page.split(/^## /m).find((text) => text.startsWith('a bad release is out\n')) ?? '';
  blocks = [...section.matchAll(/^ *```sh\n(.*?)^ *```/gms)].map(([, block = '']) => block);
});

afterAll(async () => {
  await network?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

const publish = async (text: string): Promise<void> => {
  await mkdir(join(folder, 'tree/hat'), { recursive: true });
  await writeFile(join(folder, 'tree', PATH), text);
  await writeFile(join(folder, 'tree/hat/LICENSE'), 'as it was\n');
  const { exitCode, stdout, stderr } = await network.mirrortide('olga', 'publish', 'tools', join(folder, 'tree'), '--release');
  if (exitCode !== 0) throw new Error(`${stdout}\n${stderr}`);
};

interface Words {
  readonly [word: string]: string;
}

const type = async (block: string, words: Words): Promise<string> => {
  const [setting = ''] = blocks;
  const lines = [setting.replace('https://NETWORK-ADDRESS', network.url), block].join('\n');
  const filled = Object.entries({
    './token': network.tokenFile('olga'),
    '=centos': '=tools',
    'https://mirror.example.org': network.url,
    MOUNT: 'pub/tools',
    ...words,
  }).reduce((text, [word, value]) => text.replaceAll(word, value), lines);
  const script = `set -euo pipefail\nmirrortide() { '${process.execPath}' '${network.agent}' "$@"; }\n${filled}`;
  const { exitCode, stdout, stderr } = await runProgram('bash', ['-c', script]);
  if (exitCode !== 0) throw new Error(`${filled}\nended with ${exitCode}: ${stdout}\n${stderr}`);
  return stdout;
};

const served = async (at = ''): Promise<string> => (await fetch(`${network.url}/pub/tools${at}/${PATH}`)).text();

test('an operator goes back, verifies, finds out, mends and goes forward with the commands of the page', async () => {
  const [, back = '', verify = '', look = '', mend = '', forward = '', hashes = ''] = blocks;
  expect(blocks).toHaveLength(7);
  await publish('good\n');
  await publish('bad\n');
  expect(await served()).toBe('bad\n');

  const said = await type(back, {});
  const [, BAD = ''] = /previous: ([0-9a-f]{64})/.exec(said) ?? [];
  expect(said).toMatch(/^tools: release 1 \([0-9a-f]{64}\) is current again, and tools is held$/m);
  await expect.poll(() => served(), { timeout: 10_000 }).toBe('good\n');

  const verified = await type(verify, { PATH });
  expect(verified).toMatch(/all 2 files are those of release 1/);
  expect(verified).toMatch(/etag: "sha256-[0-9a-f]{64}"/i);
  expect(verified).toMatch(/x-mirrortide-release: 1\r?$/im);
  expect(verified).toContain('held by user:olga: WHO: WHAT IS BAD');

  const found = await type(look, { BAD });
  expect(found).toContain(`~ ${PATH}`);
  expect(found).toContain(`release 2 (${BAD}) stays until it is unpinned`);
  expect(await served('@2')).toBe('bad\n');
  const [object, ...others] = (await type(hashes.split('\n')[0] ?? '', { BAD })).trim().split('\n');
  expect(object).toMatch(new RegExp(`^[0-9a-f]{64} ${PATH}$`));
  expect(others).toEqual([]);

  await writeFile(join(folder, 'tree', PATH), 'mended\n');
  const mended = await type(mend, { DIR: join(folder, 'tree'), '@43': '@3' });
  expect(mended).toMatch(/validated: release 3/);
  expect(await served()).toBe('good\n');
  expect(await type(forward, { '43': '3', '41': '1' })).toMatch(/tools: release 3 \([0-9a-f]{64}\) is current now/);
  await expect.poll(() => served(), { timeout: 10_000 }).toBe('mended\n');
});
