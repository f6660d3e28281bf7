/**
 * A wheel is good when it is what its name says, since pip chooses by the name and then trusts it: one .dist-info folder, named for
 * the same project and version, whose METADATA has them too; tags in WHEEL that are those of the name; and a RECORD that names every
 * member with its digest. A copy that ended early leaves a file with the right name that is never replaced, and has no directory at
 * its end. Digests are compared of members of at most 1 MiB and 16 MiB of a wheel, which is nearly all Python and no libraries.
 */
import { isWeak } from '../../artefact/digest.ts';
import { entryPath } from '../../artefact/entry-path.ts';
import { sameProject, type WheelName } from '../python/distribution-name.ts';
import { sameVersion } from '../python/python-version.ts';
import type { HeaderFields, RecordRow, WheelArchive, WheelMember } from './wheel-documents.ts';

/** What an index says of a wheel beside its name. */
export interface WheelFacts {
  readonly requiresPython: string | undefined;
}

export type Complain = (message: string) => void;

const LARGEST_DIGESTED = 1_048_576;
const MOST_DIGESTED = 16_777_216;
/** Signatures are made of RECORD and so cannot be in it. */
const UNRECORDED = /\.dist-info\/RECORD(?:\.jws|\.p7s)?$/;

export async function checkWheel(name: WheelName, archive: WheelArchive, complain: Complain): Promise<WheelFacts> {
  const none: WheelFacts = { requiresPython: undefined };
  const members = uniqueMembers(archive.members, complain);
  const folder = metadataFolder(name, members, complain);
  if (folder === undefined) return none;
  const missing = ['METADATA', 'WHEEL', 'RECORD'].filter((document) => !members.has(`${folder}/${document}`));
  for (const document of missing) complain(`has no ${folder}/${document}`);
  if (missing.length > 0) return none;
  const metadata = await archive.header(`${folder}/METADATA`);
  checkMetadata(name, metadata, complain);
  checkTags(name, await archive.header(`${folder}/WHEEL`), complain);
  await checkRecord(archive, members, await archive.record(`${folder}/RECORD`), complain);
  return { requiresPython: metadata.get('requires-python')?.[0] };
}

function uniqueMembers(members: readonly WheelMember[], complain: Complain): ReadonlyMap<string, WheelMember> {
  const unique = new Map<string, WheelMember>();
  for (const member of members) {
    const parsed = entryPath(member.path);
    if (parsed.kind === 'refused' || member.path.includes('\\'))
      complain(`has a member that leads out of it: ${shown(member.path)}`);
    if (unique.has(member.path)) complain(`has the member ${shown(member.path)} twice`);
    unique.set(member.path, member);
  }
  return unique;
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 200));

function metadataFolder(name: WheelName, members: ReadonlyMap<string, WheelMember>, complain: Complain): string | undefined {
  const tops = new Set(
    [...members.keys()].map((path) => path.split('/', 1)[0] ?? '').filter((top) => top.endsWith('.dist-info')),
  );
  const [folder] = tops;
  if (folder === undefined || tops.size > 1) {
    complain(`has ${tops.size} folders named .dist-info; there must be one`);
    return undefined;
  }
  const stem = folder.slice(0, -'.dist-info'.length);
  const at = stem.indexOf('-');
  if (at < 0 || !sameProject(stem.slice(0, at), name.project) || !isVersion(name, stem.slice(at + 1)))
    complain(`has ${folder}, which is not of the project and version in its name`);
  return folder;
}

/** File names have `_` for `-`, which in a version stands before the number of a post release. */
const isVersion = (name: WheelName, version: string): boolean =>
  sameVersion(name.version, version) || sameVersion(name.version.replaceAll('_', '-'), version.replaceAll('_', '-'));

function checkMetadata(name: WheelName, metadata: HeaderFields, complain: Complain): void {
  const [project = ''] = metadata.get('name') ?? [];
  const [version = ''] = metadata.get('version') ?? [];
  if (!sameProject(project, name.project))
    complain(`is named for the project ${name.project}, but METADATA says ${shown(project)}`);
  if (!isVersion(name, version)) complain(`is named for the version ${name.version}, but METADATA says ${shown(version)}`);
}

function checkTags(name: WheelName, wheel: HeaderFields, complain: Complain): void {
  const [format = ''] = wheel.get('wheel-version') ?? [];
  if (!/^1\.\d+$/.test(format)) complain(`is of the format ${shown(format)}; pip installs 1.x`);
  const tags = [...new Set(wheel.get('tag') ?? [])].toSorted();
  if (tags.join() !== name.tags.join())
    complain(`is named for ${name.tags.join(', ')}, but WHEEL says ${tags.join(', ') || 'nothing'}`);
  const [build] = wheel.get('build') ?? [];
  if (build !== name.build) complain(`is named for build ${name.build ?? 'none'}, but WHEEL says ${build ?? 'none'}`);
}

async function checkRecord(
  archive: WheelArchive,
  members: ReadonlyMap<string, WheelMember>,
  rows: readonly RecordRow[],
  complain: Complain,
): Promise<void> {
  const recorded = new Set(rows.map(({ path }) => path));
  if (recorded.size < rows.length) complain('names a file twice in RECORD');
  for (const path of members.keys())
    if (!recorded.has(path) && !UNRECORDED.test(path)) complain(`has ${shown(path)}, which is not in RECORD`);
  let budget = MOST_DIGESTED;
  for (const row of rows) {
    const member = members.get(row.path);
    if (member === undefined) complain(`has no ${shown(row.path)}, which is in RECORD`);
    else if (!UNRECORDED.test(row.path)) {
      const read = member.sizeBytes <= Math.min(LARGEST_DIGESTED, budget);
      if (read) budget -= member.sizeBytes;
      await checkRow(archive, member, row, read, complain);
    }
  }
}

async function checkRow(
  archive: WheelArchive,
  member: WheelMember,
  row: RecordRow,
  read: boolean,
  complain: Complain,
): Promise<void> {
  const { digest, path, sizeBytes } = row;
  if (digest === undefined || digest === 'unreadable' || isWeak(digest)) {
    complain(`has no digest of SHA-2 for ${shown(path)} in RECORD`);
    return;
  }
  if (sizeBytes !== undefined && sizeBytes !== member.sizeBytes)
    complain(`has ${shown(path)} of ${member.sizeBytes} bytes, but RECORD says ${sizeBytes}`);
  else if (read && (await archive.digest(path, digest.algorithm)) !== digest.hex)
    complain(`has ${shown(path)} with another ${digest.algorithm} than RECORD says`);
}
