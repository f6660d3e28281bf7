/**
 * What a network serves itself, below the paths of one host name: volumes, which are released whole, and proxy volumes, which are
 * filled from somebody else's server as clients ask. Content is the same whatever name of the network a client uses; names of
 * regions and providers exist so that clients can be told the one that is near them (OpenDev's `mirror.REGION.PROVIDER.DOMAIN`).
 */
import type { Volume, VolumeId } from '../volume/volume.ts';
import type { HostNames } from './host-names.ts';

/** The type decides whether links in pages are made to lead here. */
export const PROXY_TYPES = ['files', 'pypi'] as const;
export type ProxyType = (typeof PROXY_TYPES)[number];

/** A volume that is filled on demand. It has no releases: each path is as fresh as its class says. */
export interface ProxyVolume {
  /** Lower-case slug; no volume has the same. */
  readonly id: VolumeId;
  /** As of volumes: below no other mount. */
  readonly mount: string;
  readonly type: ProxyType;
  /** Base URL, http or https, without a slash at the end. Nothing but what is below it is ever asked for. */
  readonly upstream: string;
  /** Base URLs to which files of pages may lead, for `pypi`; PyPI's own are on another host than its pages. */
  readonly fileHosts: readonly string[];
  /** Regular expressions over paths below the mount, whole path: what they fit never changes, and is asked for once. */
  readonly immutable: readonly string[];
  /** How long everything else is served before upstream is asked whether it changed. */
  readonly freshMs: number;
  /** How long after that it is still served when upstream does not answer. */
  readonly staleMs: number;
  /** Clients are sent to upstream itself for larger files. */
  readonly maximumBytes: number;
  readonly comment?: string;
}

export interface ContentRules {
  readonly names: HostNames;
  readonly volumes: readonly Volume[];
  readonly proxies: readonly ProxyVolume[];
}
