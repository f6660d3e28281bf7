import { join } from 'node:path';
import { WireError } from '#domain/errors.ts';
import { distributionName, isDistribution } from '#domain/volume/python/distribution-name.ts';
import { normalName } from '#domain/volume/python/project-name.ts';
import type { Distribution } from '#domain/volume/python/simple-index.ts';
import type { TreeEntry } from '#domain/volume/tree.ts';
import { requiresPython } from './wheel-facts.ts';

export type DistributionLook =
  /** No file that an index offers. */
  | { readonly kind: 'other' }
  | { readonly kind: 'distribution'; readonly distribution: Distribution }
  | { readonly kind: 'problem'; readonly message: string };

/** What an index would say of a file. Wheels are opened: their names do not say for which Python they are. */
export async function lookAtDistribution(directory: string, entry: TreeEntry): Promise<DistributionLook> {
  const { path, sha256, sizeBytes } = entry;
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (!isDistribution(name)) return { kind: 'other' };
  const said = distributionName(name);
  if (said.kind === 'bad') return { kind: 'problem', message: said.reason };
  try {
    const python = said.kind === 'wheel' ? await requiresPython(join(directory, path)) : undefined;
    const { project, version } = said;
    const facts = { path, name, project: normalName(project), version, sha256, sizeBytes, requiresPython: python };
    return { kind: 'distribution', distribution: facts };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return { kind: 'problem', message: error.message };
  }
}
