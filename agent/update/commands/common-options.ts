import type { OptionSpec } from '../../cli/command.ts';

/** `--cfg` is the updaters' name for it. */
export const CONFIG_OPTIONS = {
  config: { type: 'string', help: 'FILE  the configuration; without it ours, else that of an updater before us' },
  cfg: { type: 'string', help: 'FILE  the same' },
  json: { type: 'boolean', help: 'write JSON instead of text' },
} satisfies Readonly<Record<string, OptionSpec>>;

export const RUN_OPTIONS = {
  quiet: { type: 'boolean', help: 'only warnings and errors on the terminal; the log file has all' },
  interrupted: { type: 'string', help: 'POLICY  a script that was interrupted: rerun, skip or ask' },
} satisfies Readonly<Record<string, OptionSpec>>;

export const INTERRUPTED_POLICIES = ['rerun', 'skip', 'ask'] as const;
