import { expect, test } from 'vitest';
import type { ContentRules } from '#domain/content/content-rules.ts';
import type { Inventory } from '#domain/inventory/inventory.ts';
import { homePage } from '../../local/edge/home-page.ts';
import { aVolume } from '../support/a-volume.ts';

const CONTENT = {
  names: { domain: undefined, places: [] },
  volumes: [
    aVolume('centos', { type: 'rpm' }),
    aVolume('ubuntu', { type: 'apt' }),
    aVolume('pypi', { type: 'pypi' }),
    aVolume('wheel', { type: 'wheel', mount: 'wheel/<b>&"' }),
    aVolume('tools'),
  ],
  proxies: [{ id: 'up', mount: 'up', type: 'files', upstream: 'https://up.example' }],
} as unknown as ContentRules;

const page = async (content: ContentRules | undefined, released: readonly string[]): Promise<string> => {
  const inventory = { settings: { name: 'Tide & <co>' }, categories: [], content } as unknown as Inventory;
  const system = {
    published: async () => undefined,
    content: async ({ rawPath }: { rawPath: string }) => ({
      statusCode: 200,
      headers: Object.fromEntries(released.includes(rawPath) ? [['x-mirrortide-release', '7']] : []),
    }),
  };
  return Buffer.from((await homePage(system, inventory, 'http://here:1')).body).toString();
};

test('the first page has every mount, what is released there, and what to type to install from it', async () => {
  const html = await page(CONTENT, ['/centos/', '/wheel/%3Cb%3E&%22/']);
  expect(html).toContain('<h1>Tide &amp; &lt;co&gt;</h1>');
  expect([...html.matchAll(/<tr><td><a href="([^"]*)">.*?<span class="(\w+)">([^<]*)</g)].map(([, ...parts]) => parts)).toEqual([
    ['/centos/', 'good', 'release 7'],
    ['/ubuntu/', 'bad', 'nothing yet'],
    ['/pypi/', 'bad', 'nothing yet'],
    ['/wheel/%3Cb%3E&amp;%22/', 'good', 'release 7'],
    ['/tools/', 'bad', 'nothing yet'],
    ['/up/', 'good', 'proxy'],
  ]);
  const typed = [...html.matchAll(/<pre>([^<]*)<\/pre>/g)].map(([, text = '']) => text);
  expect(typed).toEqual([
    '[centos]\nname=centos\nbaseurl=http://here:1/centos/\ngpgcheck=0',
    'deb [trusted=yes] http://here:1/ubuntu/ stable main',
    'pip install --index-url http://here:1/pypi/simple/ PROJECT',
    'pip install --extra-index-url http://here:1/wheel/%3Cb%3E&amp;%22/simple/ PROJECT',
    'curl -LO http://here:1/tools/FILE',
    'curl -LO http://here:1/up/FILE',
    'curl -s http://here:1/mirror-info.sh',
  ]);
  expect(html).toContain('<section id="mirrors" class="none">');
});

test('the first page of a network without content does not speak of it', async () => {
  expect(await page(undefined, [])).toContain('<section id="content" class="none">');
});
