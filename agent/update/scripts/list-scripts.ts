import { readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigProblem } from '../config/config-problem.ts';

export interface ScriptFolder {
  /** Names in byte order. */
  readonly scripts: readonly string[];
  readonly ignored: readonly { readonly name: string; readonly why: string }[];
}

const OWNER_MAY_RUN = 0o100;
const OTHERS_MAY_WRITE = 0o022;

/**
 * The scripts of a folder: regular files (links followed) that belong to root or to this user, that their owner may run, and that
 * nobody else may write: the rules of the updaters before us. Byte order, so that the locale decides nothing. A folder that is
 * not there is a ConfigProblem, not "no scripts": a misspelt update.d would skip the update and reboot.
 */
export function listScripts(folder: string, userId: number): ScriptFolder {
  const scripts: string[] = [];
  const ignored: { name: string; why: string }[] = [];
  for (const name of namesIn(folder)) {
    const why = whyIgnored(join(folder, name), userId);
    if (why === undefined) scripts.push(name);
    else ignored.push({ name, why });
  }
  return { scripts, ignored };
}

function namesIn(folder: string): readonly string[] {
  let names: Buffer[];
  try {
    names = readdirSync(folder, { encoding: 'buffer' });
  } catch (cause) {
    throw new ConfigProblem(`${folder}: the folder cannot be read; make it, empty if need be`, { cause });
  }
  return names.toSorted(Buffer.compare).map((name) => {
    const text = name.toString('utf8');
    if (!Buffer.from(text).equals(name)) throw new ConfigProblem(`${folder}: a name in it is not UTF-8: ${text}`);
    return text;
  });
}

function whyIgnored(path: string, userId: number): string | undefined {
  let found: Stats;
  try {
    found = statSync(path);
  } catch {
    return 'it cannot be looked at (a link to nowhere?)';
  }
  if (!found.isFile()) return 'it is not a regular file';
  if (found.uid !== 0 && found.uid !== userId) return `it belongs to user ${found.uid}`;
  if ((found.mode & OWNER_MAY_RUN) === 0) return 'it is not executable';
  if ((found.mode & OTHERS_MAY_WRITE) !== 0) return 'its group or everybody may write it';
  return undefined;
}
