import type { Sha256 } from '#domain/volume/tree.ts';
import type { UpdatedVolume } from '#domain/volume/upstream/due-updates.ts';
import type { FileLister } from '#ports/file-lister.ts';
import type { VolumeObjects } from '#ports/volume-objects.ts';
import type { ReadingPorts } from '#wire/volume/read-file.ts';
import type { UpstreamSession } from '../upstream-session.ts';
import { aptUpstream } from './apt-upstream.ts';
import { checksumUpstream } from './checksum-upstream.ts';
import { pythonUpstream } from './python-upstream.ts';
import { rpmUpstream } from './rpm-upstream.ts';
import { rsyncUpstream } from './rsync-upstream.ts';
import { upstreamFiles } from './upstream-files.ts';
import type { UpstreamReader } from './upstream-reader.ts';

export interface VolumeUpstreamDeps extends ReadingPorts {
  readonly session: UpstreamSession;
  readonly lister: FileLister;
  readonly objects: Pick<VolumeObjects, 'read' | 'put'>;
  readonly hash: (bytes: Uint8Array) => Sha256;
}

/** Where the files of an upstream are read, over HTTP. */
export const filesTop = ({ upstream }: UpdatedVolume): string => upstream.filesUrl ?? upstream.url;

/** Over rsync the module is listed, whatever is in it; over HTTP the indexes of the volume's type say what there is. */
export const volumeUpstream = (deps: VolumeUpstreamDeps, volume: UpdatedVolume): UpstreamReader => {
  const { kind, url, excludes, suites = [], projects } = volume.upstream;
  if (kind === 'rsync') return rsyncUpstream(deps, url, excludes);
  const files = upstreamFiles(deps, url);
  switch (volume.type) {
    case 'rpm':
      return rpmUpstream(files, deps, excludes);
    case 'apt':
      return aptUpstream(files, deps, suites, excludes);
    case 'pypi':
    case 'wheel':
      return pythonUpstream(deps, url, projects, excludes);
    case 'files':
      return checksumUpstream(files, excludes);
  }
};
