import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { bundleFile, bundleFunctions, listStages } from '../infra/bundling.ts';

export interface FunctionBundle {
  /** Folder name in functions/. */
  readonly stage: string;
  readonly file: string;
  readonly sizeBytes: number;
}

/** Builds every stage as it would be deployed, and says how large each became. */
export async function measuredBundles(outFolder: string): Promise<readonly FunctionBundle[]> {
  await bundleFunctions(outFolder);
  const stages = await listStages();
  return Promise.all(
    stages.map(async (stage) => {
      const file = bundleFile(outFolder, stage);
      return { stage, file, sizeBytes: (await stat(file)).size };
    }),
  );
}

/**
 * Milliseconds that a fresh process takes to import a bundle; the smallest of `runs`, since everything else is the machine's noise.
 * A bundle that refuses its empty environment has been loaded all the same.
 */
export async function measureLoadMs(bundle: FunctionBundle, runs: number): Promise<number> {
  const script = `const t = performance.now();
    await import(${JSON.stringify(pathToFileURL(bundle.file).href)}).catch(() => undefined);
    console.log(performance.now() - t);`;
  let smallest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run += 1) {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    smallest = Math.min(smallest, Number(stdout));
  }
  return smallest;
}
