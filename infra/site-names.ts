import { type HostNames, namesOfPlace } from '../shared/domain/content/host-names.ts';
import type { SiteDomain } from './environments.ts';

/** Of one distribution, unless AWS was asked for more. */
const MOST_NAMES = 100;

/**
 * Every name under which the CDN answers: the network's own, and those of its places as far as the certificate has them. Throws when
 * they are too many, since the deployment would fail after half an hour.
 */
export const siteNames = ({ name, placeNames }: SiteDomain, declared: HostNames | undefined): readonly string[] => {
  const { domain } = declared ?? {};
  const places = placeNames === 'none' || domain === undefined ? [] : (declared?.places ?? []);
  const names = places.flatMap((place) => {
    const [dotted, dashed] = namesOfPlace(domain ?? '', place);
    return placeNames === 'dashed' ? [dashed] : [dotted, dashed];
  });
  const all = [...new Set([name, ...names])];
  if (all.length > MOST_NAMES)
    throw new Error(`the CDN takes ${MOST_NAMES} names, and the places of the network have ${all.length}`);
  return all;
};
