import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { measuredBundles, measureLoadMs } from '../../local/bundle-functions.ts';

const CEILINGS = new URL('../../functions/bundle-ceilings.json', import.meta.url);

test('every function has a ceiling and its bundle stays below it; size and load time are printed', async () => {
  const ceilings = JSON.parse(await readFile(CEILINGS, 'utf8')) as Readonly<Record<string, number>>;
  const folder = await mkdtemp(join(tmpdir(), 'mirrortide-bundles-'));
  try {
    const bundles = await measuredBundles(folder);
    for (const bundle of bundles) {
      const loadMs = await measureLoadMs(bundle, 3);
      console.log(`${bundle.stage}: ${bundle.sizeBytes} bytes of ${ceilings[bundle.stage]}, loads in ${loadMs.toFixed(0)} ms`);
    }
    expect(bundles.map(({ stage }) => stage)).toEqual(Object.keys(ceilings).sort());
    expect(bundles.filter(({ stage, sizeBytes }) => sizeBytes > (ceilings[stage] ?? 0))).toEqual([]);
    const answer = bundles.find(({ stage }) => stage === 'answer');
    expect(await readFile(answer?.file ?? '', 'utf8')).not.toMatch(/DynamoDB_20120810|AmazonSQS/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
