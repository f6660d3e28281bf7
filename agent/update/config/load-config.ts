import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ConfigProblem } from './config-problem.ts';
import { ownConfig, type Places } from './own-config.ts';
import { parseEnvFile } from './parse-env-file.ts';
import { parseIni } from './parse-ini.ts';
import { isSeedIni, seedConfig, seedEnvConfig } from './seed-config.ts';
import type { UpdateConfig } from './update-config.ts';

/** Root's places are the system's; everybody else's are in the home folder (XDG Base Directory Specification, its defaults). */
export function places(userId: number, home: string = homedir()): Places {
  if (userId === 0)
    return {
      configFolder: '/etc/mirrortide/update',
      stateFolder: '/var/lib/mirrortide',
      logFile: '/var/log/mirrortide/update.log',
    };
  return {
    configFolder: join(home, '.config/mirrortide/update'),
    stateFolder: join(home, '.local/state/mirrortide'),
    logFile: join(home, '.local/state/mirrortide/update.log'),
  };
}

const SEED_FILES = ['/etc/foreman_dlm_updater/config.ini', '/etc/dlm_engine_updater/config.ini', '/etc/dlm_engine_updater/.env'];

/** The file named, else our own, else that of an updater before us. */
export function findConfigFile(named: string | undefined, own: string): string {
  if (named !== undefined) return named;
  const candidates = [`${own}.ini`, ...SEED_FILES];
  const found = candidates.find((file) => existsSync(file));
  if (found === undefined)
    throw new ConfigProblem(`no configuration: none of ${candidates.join(', ')} is there; --config FILE names another`);
  return found;
}

/** Reads a configuration of any of the formats. Throws ConfigProblem. */
export function loadConfig(named: string | undefined, userId: number): UpdateConfig {
  const where = places(userId);
  const file = findConfigFile(named, where.configFolder);
  try {
    return parseConfig(readText(file), file, where);
  } catch (error) {
    if (error instanceof ConfigProblem) throw new ConfigProblem(`${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** A file without any section is DLMEngineUpdater's .env; one with [main] is an updater's config.ini; all else is ours. */
export function parseConfig(text: string, file: string, where: Places): UpdateConfig {
  if (!/^\s*\[/m.test(text) && /^\s*(export\s+)?main_/im.test(text)) return seedEnvConfig(parseEnvFile(text), file);
  const ini = parseIni(text);
  return isSeedIni(ini) ? seedConfig(ini, file) : ownConfig(ini, file, where);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigProblem(`cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
