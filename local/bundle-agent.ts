import { chmod, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const EXECUTABLE = 0o755;
export const AGENT_ENTRY = fileURLToPath(new URL('../agent/main.ts', import.meta.url));

/** The same library as ES modules; what it gives Node is CommonJS, which neither shrinks nor runs in a bundle of ES modules. */
const YAML_MODULES = fileURLToPath(new URL('../node_modules/yaml/browser/dist/index.js', import.meta.url));

/** Writes the agent as one executable file that needs nothing but Node 20 or newer; resolves to its size in bytes. */
export async function bundleAgent(entry: string, outFile: string): Promise<number> {
  await build({
    entryPoints: [entry],
    outfile: outFile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    minify: false,
    legalComments: 'none',
    alias: { yaml: YAML_MODULES },
    banner: { js: '#!/usr/bin/env node' },
    logLevel: 'warning',
  });
  await chmod(outFile, EXECUTABLE);
  return (await stat(outFile)).size;
}
