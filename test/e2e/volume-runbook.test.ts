import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProgram } from '../support/run-program.ts';
import { startVolumeNetwork, type VolumeNetwork } from '../support/volume-network.ts';

/** What pages tell people to type, typed: the runbook's way out of a bad release, and the first page's first release. */
const NETWORK = `
network: { name: runbook, contact: tests@mirrors.example }
content:
  volumes:
    - id: kits
      mount: pub/kits
      type: files
      maximumShrinkShare: 1
      roles: &olga { publishers: [olga], releasers: [olga], operators: [olga] }
    - { id: tools, type: files, roles: *olga }
`;
const PATH = 'hat/README';
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let network: VolumeNetwork;
let folder: string;
let blocks: readonly string[];

/** The commands of one section of a page. */
const blocksOf = async (page: string, title: string): Promise<readonly string[]> => {
  const sections = (await readFile(join(ROOT, page), 'utf8')).split(/^## /m);
  const section = sections.find((text) => text.startsWith(`${title}\n`)) ?? '';
  return [...section.matchAll(/^ *```sh\n(.*?)^ *```/gms)].map(([, block = '']) => block);
};

beforeAll(async () => {
  network = await startVolumeNetwork(NETWORK, ['olga']);
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-runbook-'));
  blocks = await blocksOf('docs/RUNBOOK.md', 'a bad release is out');
});

afterAll(async () => {
  await network?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

const publish = async (volume: string, tree: string): Promise<void> => {
  const { exitCode, stdout, stderr } = await network.mirrortide('olga', 'publish', volume, tree, '--release');
  if (exitCode !== 0) throw new Error(`${stdout}\n${stderr}`);
};

const publishText = async (text: string): Promise<void> => {
  await mkdir(join(folder, 'tree/hat'), { recursive: true });
  await writeFile(join(folder, 'tree', PATH), text);
  await writeFile(join(folder, 'tree/hat/LICENSE'), 'as it was\n');
  await publish('kits', join(folder, 'tree'));
};

/** In a shell that knows the program, in the folder that a checkout is. */
const inShell = async (commands: string): Promise<string> => {
  const script = `set -euo pipefail
mirrortide() { '${process.execPath}' '${network.agent}' "$@"; }
node() { shift; mirrortide "$@"; }
npm() { test "$*" = 'run build:agent'; }
${commands}`;
  const { exitCode, stdout, stderr } = await runProgram('bash', ['-c', script], { cwd: ROOT, env: { TMPDIR: folder } });
  if (exitCode !== 0) throw new Error(`${commands}\nended with ${exitCode}: ${stdout}\n${stderr}`);
  return stdout;
};

interface Words {
  readonly [word: string]: string;
}

const filledIn = (text: string, words: Words): string =>
  Object.entries(words).reduce((filled, [word, value]) => filled.replaceAll(word, value), text);

/** Words are filled in before addresses: a port may have the digits of a release. */
const type = async (block: string, words: Words): Promise<string> => {
  const [setting = ''] = blocks;
  const places = {
    'https://NETWORK-ADDRESS': network.url,
    './token': network.tokenFile('olga'),
    '=centos': '=kits',
    'https://mirror.example.org': network.url,
  };
  return inShell(`${filledIn(setting, places)}\n${filledIn(block, { MOUNT: 'pub/kits', ...words })}`);
};

const served = async (at = ''): Promise<string> => (await fetch(`${network.url}/pub/kits${at}/${PATH}`)).text();

test('an operator goes back, verifies, finds out, mends and goes forward with the commands of the page', async () => {
  const [, back = '', verify = '', look = '', mend = '', forward = '', hashes = ''] = blocks;
  expect(blocks).toHaveLength(7);
  await publishText('good\n');
  await publishText('bad\n');
  expect(await served()).toBe('bad\n');

  const said = await type(back, {});
  const [, BAD = ''] = /previous: ([0-9a-f]{64})/.exec(said) ?? [];
  expect(said).toMatch(/^kits: release 1 \([0-9a-f]{64}\) is current again, and kits is held$/m);
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
  expect(await type(forward, { '43': '3', '41': '1' })).toMatch(/kits: release 3 \([0-9a-f]{64}\) is current now/);
  await expect.poll(() => served(), { timeout: 10_000 }).toBe('mended\n');
});

test('a newcomer publishes, looks, releases and goes back with the commands of the first page', async () => {
  const [commands = ''] = await blocksOf('README.md', 'Serve content yourself');
  await publish('tools', join(ROOT, 'local/sample/trees/1/tools'));
  const token = await readFile(network.tokenFile('olga'), 'utf8');
  const said = await inShell(`TOKEN=${token}${commands.replaceAll('http://127.0.0.1:8080', network.url)}`);
  expect(said).toMatch(/^validated: release 2 \(/m);
  expect(said).toContain('<title>Index of /tools@2/</title>');
  expect(said).toMatch(/^tools: release 2 \([0-9a-f]{64}\) is current now$/m);
  expect(said).toMatch(/^tools: release 1 \([0-9a-f]{64}\) is current again, and tools is held$/m);
});
