import { accessSync, constants, readFileSync } from 'node:fs';
import { type OptionSpec, type OptionValues, textOption, UsageProblem } from '../cli/command.ts';
import type { NetworkServiceConfig } from './ask-service.ts';

/** Options of every command that talks to the network's service. */
export const SERVICE_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  server: { type: 'string', help: 'URL  where the API of the network is: https://mirrors.example.org; or MIRRORTIDE_SERVER' },
  'token-file': { type: 'string', help: 'FILE  holds your token of the network; or MIRRORTIDE_TOKEN_FILE' },
  'ca-file': { type: 'string', help: 'FILE  certificates of authorities, instead of the usual ones' },
};

const CONNECT_MS = 10_000;
/** A little more than the service gives itself. */
const TOTAL_MS = 40_000;
const ATTEMPTS = 6;
const BACKOFF_MS = 500;

type Environment = Readonly<Record<string, string | undefined>>;

/** Options that every command needs may stand in the environment. */
const VARIABLES: Readonly<Record<string, string>> = { server: 'MIRRORTIDE_SERVER', 'token-file': 'MIRRORTIDE_TOKEN_FILE' };

const withEnvironment = (options: OptionValues, environment: Environment): OptionValues => ({
  ...Object.fromEntries(Object.entries(VARIABLES).map(([name, variable]) => [name, environment[variable] || undefined])),
  ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
});

const readable = (options: OptionValues, name: string): string | undefined => {
  const file = textOption(options, name);
  if (file === undefined) return undefined;
  try {
    accessSync(file, constants.R_OK);
  } catch (cause) {
    throw new UsageProblem(`--${name} ${file}: cannot be read`, { cause });
  }
  return file;
};

const serverOf = (options: OptionValues): string => {
  const server = textOption(options, 'server');
  if (server === undefined) throw new UsageProblem('--server is needed');
  if (!/^https?:\/\/[^/?#@]+(?:\/[^?#]*)?$/.test(server) || !URL.canParse(server))
    throw new UsageProblem(`--server ${server}: must be an http or https URL without user, query and fragment`);
  return server.replace(/\/+$/, '');
};

/** What may stand in a header: one word of visible ASCII. */
const holdsToken = (file: string): boolean => {
  try {
    return /^[\x21-\x7e]+$/.test(readFileSync(file, 'utf8').trim());
  } catch {
    return false;
  }
};

export const serviceConfig = (given: OptionValues, environment: Environment): NetworkServiceConfig => {
  const options = withEnvironment(given, environment);
  const tokenFile = readable(options, 'token-file');
  if (tokenFile === undefined) throw new UsageProblem('--token-file is needed');
  if (!holdsToken(tokenFile)) throw new UsageProblem(`--token-file ${tokenFile}: holds no token`);
  return {
    server: serverOf(options),
    tokenFile,
    caFile: readable(options, 'ca-file'),
    connectMs: CONNECT_MS,
    totalMs: TOTAL_MS,
    attempts: ATTEMPTS,
    backoffMs: BACKOFF_MS,
  };
};
