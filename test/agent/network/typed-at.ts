import { runCommandLine } from '../../../agent/cli/run-command-line.ts';
import { applyCommand } from '../../../agent/network/apply-command.ts';
import type { Waiting } from '../../../agent/network/ask-service.ts';
import { exportCommand } from '../../../agent/network/export-command.ts';

/** Runs a command as if it had been typed; it never waits. */
export const typedAt = async (
  service: { readonly server: string; readonly tokenFile: string },
  command: string,
  words: readonly string[],
) => {
  let out = '';
  let err = '';
  const slept: number[] = [];
  const waiting: Waiting = {
    sleep: async (ms) => {
      slept.push(ms);
    },
    random: () => 0.5,
  };
  const terminal = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    environment: {},
    userId: 1000,
    program: [],
  };
  const table = { apply: applyCommand(waiting), export: exportCommand(waiting) };
  const options = ['--server', service.server, '--token-file', service.tokenFile];
  const code = await runCommandLine(table, [command, ...options, ...words], terminal);
  return { code, out, err, slept };
};
