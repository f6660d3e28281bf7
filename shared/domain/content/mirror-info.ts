/**
 * What a machine sources to know its mirrors (OpenDev's `mirror_info.sh`): a variable for the host and one for each mount, all of
 * which may be set beforehand. The host is the name under which the file was asked for, and so is the scheme, since whoever got this
 * file got an answer that way. Values are encoded until nothing that a shell could take for more than text is left in them.
 */
import type { VolumeType } from '../volume/volume.ts';
import type { ProxyType } from './content-rules.ts';
import type { Place } from './host-names.ts';

export interface MirrorInfo {
  /** With its port; see `hostName`. */
  readonly host: string;
  readonly scheme: 'http' | 'https';
  readonly place: Place | undefined;
  readonly mounts: readonly { readonly mount: string; readonly type: VolumeType | ProxyType }[];
}

export const MIRROR_INFO = 'mirror-info.sh';

/** `wheel/debian-12-x86_64` is `MIRRORTIDE_WHEEL_DEBIAN_12_X86_64_MIRROR`. */
export const mirrorVariable = (mount: string): string => `MIRRORTIDE_${mount.replace(/[^A-Za-z0-9]/g, '_').toUpperCase()}_MIRROR`;

/** Letters, digits, `-._~` and percent signs. */
const encoded = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);

const line = (name: string, value: string): string => `export ${name}="\${${name}:-${value}}"`;

/** Of Python packages, what pip takes as an index. */
const suffix = (type: VolumeType | ProxyType): string => (type === 'pypi' || type === 'wheel' ? '/simple/' : '');

export const mirrorInfo = ({ host, scheme, place, mounts }: MirrorInfo): string => {
  const lines = [
    '# The mirrors of this network, to be sourced. What is set already stays as it is.',
    line('MIRRORTIDE_MIRROR_HOST', host),
    ...(place === undefined
      ? []
      : [line('MIRRORTIDE_MIRROR_REGION', encoded(place.region)), line('MIRRORTIDE_MIRROR_PROVIDER', encoded(place.provider))]),
    line('MIRRORTIDE_MIRROR_URL', `${scheme}://$MIRRORTIDE_MIRROR_HOST`),
    ...mounts
      .toSorted((one, other) => (one.mount < other.mount ? -1 : 1))
      .map(({ mount, type }) =>
        line(mirrorVariable(mount), `$MIRRORTIDE_MIRROR_URL/${mount.split('/').map(encoded).join('/')}${suffix(type)}`),
      ),
  ];
  return `${lines.join('\n')}\n`;
};
