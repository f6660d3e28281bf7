import { readFileSync } from 'node:fs';
import { ConfigProblem } from '../config/config-problem.ts';

/** The kernel's name for this boot: another one after every reboot (Linux, random(4)). */
export function bootId(file: string): string {
  const id = readBootId(file);
  if (!/^[A-Za-z0-9-]{1,64}$/.test(id))
    throw new ConfigProblem(`${file} does not hold a boot id, so a reboot could not be told from none`);
  return id;
}

function readBootId(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new ConfigProblem(`${file} cannot be read, so a reboot could not be told from none`, { cause });
  }
}
