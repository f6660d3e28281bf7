/**
 * What the name of a file says of the distribution of a Python project in it, which is all that pip knows before it downloads. Wheels
 * are NAME-VERSION(-BUILD)-PYTHON-ABI-PLATFORM.whl, where each of the last three may be a set joined with dots (PEP 427 and PEP 425);
 * archives of source are NAME-VERSION.tar.gz or .zip (PEP 625), whose NAME may have hyphens in older ones.
 */
import { isProjectName, normalName } from './project-name.ts';
import { normalVersion } from './python-version.ts';

export interface WheelName {
  readonly kind: 'wheel';
  readonly project: string;
  /** As it is written, `_` for `-`; also how the folder of its metadata begins. */
  readonly version: string;
  readonly build: string | undefined;
  /** `py3-none-any`, all that the name stands for, sorted. */
  readonly tags: readonly string[];
}

export interface SourceName {
  readonly kind: 'source';
  readonly project: string;
  readonly version: string;
}

export interface BadName {
  readonly kind: 'bad';
  readonly reason: string;
}

const LONGEST = 255;
const MOST_TAGS = 500;
const SOURCE = /\.(?:tar\.gz|zip)$/;
const TAG = /^[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*$/;

const bad = (reason: string): BadName => ({ kind: 'bad', reason });

/** Whether a file is to be one of an index: a wheel or an archive of source, by the end of its name. */
export const isDistribution = (name: string): boolean => name.endsWith('.whl') || SOURCE.test(name);

export function distributionName(name: string): WheelName | SourceName | BadName {
  if (name.length > LONGEST) return bad(`has a name longer than ${LONGEST} characters`);
  return name.endsWith('.whl') ? wheelName(name.slice(0, -'.whl'.length)) : sourceName(name.replace(SOURCE, ''));
}

function wheelName(stem: string): WheelName | BadName {
  const parts = stem.split('-');
  if (parts.length !== 5 && parts.length !== 6) return bad('is not named NAME-VERSION(-BUILD)-PYTHON-ABI-PLATFORM.whl');
  const [project = '', version = ''] = parts;
  const build = parts.length === 6 ? parts[2] : undefined;
  if (!isProjectName(project)) return bad(`is named for a project that cannot be: ${JSON.stringify(project)}`);
  if (normalVersion(version.replaceAll('_', '-')) === undefined && normalVersion(version) === undefined)
    return bad(`is named for a version that cannot be: ${JSON.stringify(version)}`);
  if (build !== undefined && !/^\d/.test(build)) return bad(`has a build in its name that does not begin with a digit: ${build}`);
  const tags = expandedTags(parts.slice(-3));
  return tags === undefined ? bad('has tags in its name that cannot be') : { kind: 'wheel', project, version, build, tags };
}

/** Every member of the product of the three sets. */
function expandedTags(sets: readonly string[]): readonly string[] | undefined {
  if (!sets.every((set) => TAG.test(set))) return undefined;
  const [pythons = [], abis = [], platforms = []] = sets.map((set) => set.split('.'));
  if (pythons.length * abis.length * platforms.length > MOST_TAGS) return undefined;
  const tags = pythons.flatMap((python) => abis.flatMap((abi) => platforms.map((platform) => `${python}-${abi}-${platform}`)));
  return [...new Set(tags)].toSorted();
}

/** The version begins after the first hyphen behind which there is one, since older names have hyphens. */
function sourceName(stem: string): SourceName | BadName {
  for (let at = stem.lastIndexOf('-'); at > 0; at = stem.lastIndexOf('-', at - 1)) {
    const [project, version] = [stem.slice(0, at), stem.slice(at + 1)];
    const shorter = stem.lastIndexOf('-', at - 1);
    // `hat-1.0-1` is version 1.0-1, a post release, and not version 1 of hat-1.0.
    const longer = shorter > 0 && normalVersion(stem.slice(shorter + 1)) !== undefined;
    if (!longer && isProjectName(project) && normalVersion(version) !== undefined) return { kind: 'source', project, version };
  }
  return bad('is not named NAME-VERSION of a version that can be');
}

/** Whether two names are of one project. */
export const sameProject = (one: string, other: string): boolean => normalName(one) === normalName(other);
