// The built agent as a process of its own; what it prints as JSON, how long it took, and the most memory that it had.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

export interface AgentRun {
  readonly seconds: number;
  readonly peakMebibytes: number;
  readonly said: Readonly<Record<string, unknown>>;
}

const REPORTS_MEMORY = `process.on('exit', () => require('node:fs').writeFileSync(process.env.PEAK_FILE, String(process.resourceUsage().maxRSS)));\n`;

export const agentRunner = (program: string, folder: string, server: string) => {
  const [preload, peakFile, token] = ['peak.cjs', 'peak', 'token'].map((name) => join(folder, name)) as [string, string, string];
  writeFileSync(preload, REPORTS_MEMORY);
  writeFileSync(token, 'token');
  return async (...words: readonly string[]): Promise<AgentRun> => {
    const env = {
      ...process.env,
      PEAK_FILE: peakFile,
      MIRRORTIDE_SERVER: server,
      MIRRORTIDE_TOKEN_FILE: token,
      TMPDIR: folder,
    };
    const from = performance.now();
    const child = spawn(process.execPath, ['--require', preload, program, ...words, '--json'], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [output, [code]] = await Promise.all([buffer(child.stdout), once(child, 'close')]);
    const seconds = (performance.now() - from) / 1000;
    if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${output.toString()}`);
    const said = JSON.parse(output.toString()) as AgentRun['said'];
    return { seconds, peakMebibytes: Number(readFileSync(peakFile, 'utf8')) / 1024, said };
  };
};
