import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, stop } from 'esbuild';

/**
 * How every function becomes the one file that runs. The stack and the local system both build with these options, so what is
 * tried on a laptop is what is deployed.
 */

const BUNDLING = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  minify: true,
  // ES modules first, for tree shaking. Setting `conditions` instead would drop esbuild's own `module` condition and grow the
  // DynamoDB client by 140 kB.
  mainFields: ['module', 'main'],
  legalComments: 'none',
  /** Everything is inside, the SDK too: the runtime's own copy has another version and loads three times as slowly. */
  external: [],
  logLevel: 'error',
} satisfies BuildOptions;

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));
const FUNCTIONS = join(REPOSITORY, 'functions');

/** The stages that have a handler, sorted by name. */
export async function listStages(): Promise<readonly string[]> {
  const files = await readdir(FUNCTIONS, { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.isFile() && file.name === 'handler.ts')
    .map((file) => basename(file.parentPath))
    .sort();
}

/** Where the bundle of a stage is below `outFolder`; its export `handler` is what the runtime calls. */
export const bundleFile = (outFolder: string, stage: string): string => join(outFolder, stage, 'index.mjs');

/** Builds every stage into OUT/STAGE/index.mjs and returns OUT. */
export async function bundleFunctions(outFolder: string): Promise<string> {
  const stages = await listStages();
  await Promise.all(
    stages.map((stage) =>
      build({
        ...BUNDLING,
        absWorkingDir: REPOSITORY,
        entryPoints: [join(FUNCTIONS, stage, 'handler.ts')],
        outfile: bundleFile(outFolder, stage),
      }),
    ),
  );
  // Its service process would stay, with 300 MB, as long as this one.
  await stop();
  return outFolder;
}
