import type { OptionSpec } from '../../cli/command.ts';

/** Who asks whom: of every command of this family. */
export const SERVICE_OPTIONS = {
  config: { type: 'string', help: 'FILE  the configuration; without it sync.ini beside that of update, if it is there' },
  server: { type: 'string', help: 'URL  where the service is: https://mirrors.example.org' },
  'token-file': { type: 'string', help: 'FILE  holds the token' },
  host: { type: 'string', help: 'HOST  the host as the network names it; without it the one that the token is of' },
  json: { type: 'boolean', help: 'write JSON instead of text' },
} satisfies Readonly<Record<string, OptionSpec>>;

export const CATEGORY_OPTION = {
  category: { type: 'string', help: 'CATEGORY  what is synchronised' },
} satisfies Readonly<Record<string, OptionSpec>>;

export const STATE_OPTION = {
  'state-folder': { type: 'string', help: 'FOLDER  where it is kept what a run owes the service' },
} satisfies Readonly<Record<string, OptionSpec>>;
