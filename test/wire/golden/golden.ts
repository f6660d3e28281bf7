import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * The bytes that a printer of this version gave when the version was made. What is stored out there was printed like it, so a
 * file is never written anew: a new format is a new version and a new file, made by a run with WRITE_GOLDEN=1.
 */
export const golden = (name: string, printed: () => Uint8Array | string): Buffer => {
  const path = new URL(name, import.meta.url);
  if (!existsSync(path) && process.env['WRITE_GOLDEN'] === '1') writeFileSync(path, printed());
  return readFileSync(path);
};
