import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AGENT_ENTRY, bundleAgent } from './bundle-agent.ts';

const outFile = fileURLToPath(new URL('../dist/mirrortide.mjs', import.meta.url));
const sizeBytes = await bundleAgent(AGENT_ENTRY, outFile);
console.log(`${relative(process.cwd(), outFile)}: ${sizeBytes} bytes`);
