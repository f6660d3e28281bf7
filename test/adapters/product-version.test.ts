import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { PRODUCT_VERSION } from '#adapters/net/product-version.ts';

it('says the version of package.json', async () => {
  const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(PRODUCT_VERSION).toBe(manifest.version);
});
