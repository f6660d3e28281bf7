/**
 * Standing of one host in a repository or a directory: what may be said of it to clients. A repository stands by its head alone.
 * A directory below a repository stands by the head too, but while the head is newest, a directory that was found to differ is
 * unproven. Under an acceptable earlier head a directory may differ when the master changed it together with the head or after;
 * a difference that is older than that is the mirror's own. A loose directory is current when it is not excluded and the master
 * did not change it since the host was compared.
 */
import type { HeadSeen } from '../crawl/observation.ts';
import type { Generation } from '../master/manifest.ts';

export type Standing = 'current' | 'alternate' | 'stale' | 'absent' | 'unproven';

/** `accepted`: sha256 of heads a client may be given, the newest first. */
export const repositoryStanding = (seen: HeadSeen | undefined, accepted: readonly string[]): Standing => {
  if (seen === undefined) return 'unproven';
  if (seen.kind === 'absent') return 'absent';
  const position = accepted.indexOf(seen.sha256);
  if (position < 0) return 'stale';
  return position === 0 ? 'current' : 'alternate';
};

/** Generations of a directory and of its repository's head directory, which tell whose change a difference is. */
export interface ChangeOrder {
  readonly changedIn: Generation;
  readonly headChangedIn: Generation;
}

export const coveredStanding = (repository: Standing, excluded: boolean, order: ChangeOrder): Standing => {
  if (!excluded) return repository;
  if (repository === 'current') return 'unproven';
  return repository === 'alternate' && order.changedIn < order.headChangedIn ? 'unproven' : repository;
};

/** `compared`: generation the host was compared with; `undefined` when what was compared is too old to count. */
export const looseStanding = (excluded: boolean, changedIn: Generation, compared: Generation | undefined): Standing =>
  excluded || compared === undefined || changedIn > compared ? 'unproven' : 'current';
