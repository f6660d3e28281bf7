import type { Disk } from '../../../agent/fetch/fetch-world.ts';

/** Every call of a Disk, for tests that count them. */
export const DISK_CALLS = [
  'closeSync',
  'fchmodSync',
  'fsyncSync',
  'ftruncateSync',
  'futimesSync',
  'linkSync',
  'mkdirSync',
  'openSync',
  'renameSync',
  'rmSync',
  'symlinkSync',
  'unlinkSync',
  'writeSync',
] as const satisfies readonly (keyof Disk)[];
