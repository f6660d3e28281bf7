/**
 * What holds of a proxy volume that does not say. What is immutable is asked for once and never again, so the defaults name only
 * what an ecosystem never changes under one name: packages whose names have their versions, and files named by their hashes.
 * Images, archives of sources and compressed indexes are not among them: `latest.iso`, `netboot.tar.gz` and `Packages.xz` change.
 * Neither are wheels on a plain server, where rebuilt ones take the place of the old; PyPI refuses a name that was ever used.
 */
import type { ProxyType } from './content-rules.ts';

export const DEFAULT_FRESH_MS = 600_000;
/** A week: an outage of upstream over a long weekend is not seen. */
export const DEFAULT_STALE_MS = 604_800_000;
/** 1 GiB: larger are images, which few clients of one place ask for twice. */
export const DEFAULT_MAXIMUM_BYTES = 1_073_741_824;

const IMMUTABLE: Readonly<Record<ProxyType, readonly string[]>> = {
  files: [
    '.*\\.(?:rpm|drpm)',
    '.*\\.(?:deb|udeb|ddeb)',
    // Of apt, and of createrepo_c: `dists/…/by-hash/SHA256/HASH`, `repodata/HASH-primary.xml.gz`.
    '(?:.*/)?by-hash/[^/]+/[0-9a-f]{32,128}',
    '(?:.*/)?repodata/[0-9a-f]{32,128}-[^/]+',
  ],
  // Distributions, with the metadata of wheels beside them (PEP 658).
  pypi: ['.*\\.whl(?:\\.metadata)?', '.*\\.(?:tar\\.gz|tar\\.bz2|tgz|zip|egg)'],
};

export const defaultImmutable = (type: ProxyType): readonly string[] => IMMUTABLE[type];

const PYPI = /^https?:\/\/pypi\.org(?:\/|$)/;
const PYPI_FILES = 'https://files.pythonhosted.org';

/** Other indexes have their files below the index itself; PyPI does not. */
export const defaultFileHosts = (type: ProxyType, upstream: string): readonly string[] =>
  type === 'pypi' && PYPI.test(upstream) ? [PYPI_FILES] : [];
