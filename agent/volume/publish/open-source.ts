import * as fs from 'node:fs';
import { join } from 'node:path';
import { unpack } from '../../fetch/archive/unpack.ts';
import { VerificationProblem } from '../../fetch/fetch-outcome.ts';
import type { Report } from '../../report/report.ts';
import { VolumeProblem } from '../volume-exit.ts';

/** The disk is the limit; these end what was made to fill it. */
const LIMITS = { entries: 20_000_000, bytes: 4 * 2 ** 40 };

/** The directory to publish: the one that is named, or what the archive that is named unpacks to. */
export const openSource = async (path: string, temporary: string, report: Pick<Report, 'progress'>): Promise<string> => {
  let isDirectory: boolean;
  try {
    isDirectory = fs.statSync(path).isDirectory();
  } catch (cause) {
    throw new VolumeProblem(
      'local',
      `${path} cannot be read: there is no such file or directory, or it is not yours`,
      {},
      { cause },
    );
  }
  if (isDirectory) return path;
  const folder = join(temporary, 'unpacked');
  fs.mkdirSync(folder);
  try {
    // Nothing here is to outlive a power cut.
    await unpack({ disk: fs, file: path, folder, limits: LIMITS, syncFileSystem: () => true, report });
  } catch (cause) {
    if (!(cause instanceof VerificationProblem)) throw cause;
    throw new VolumeProblem('local', `${path} cannot be published: ${cause.message}`, {}, { cause });
  }
  return folder;
};
