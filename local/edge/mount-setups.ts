import { encodePath } from '#domain/answer/url-path.ts';
import type { ContentRules, ProxyVolume } from '#domain/content/content-rules.ts';
import { MIRROR_INFO } from '#domain/content/mirror-info.ts';
import type { Volume } from '#domain/volume/volume.ts';
import type { ClientSetup } from './example-urls.ts';

type Mounted = Pick<Volume | ProxyVolume, 'id' | 'mount' | 'type'>;

const setupOf = ({ id, mount, type }: Mounted, base: string): ClientSetup => {
  const url = `${base}/${encodePath(mount)}/`;
  switch (type) {
    case 'rpm':
      return { file: `/etc/yum.repos.d/${id}.repo`, text: `[${id}]\nname=${id}\nbaseurl=${url}\ngpgcheck=0` };
    case 'apt':
      return { file: `/etc/apt/sources.list.d/${id}.list`, text: `deb [trusted=yes] ${url} stable main` };
    case 'pypi':
      return { file: id, text: `pip install --index-url ${url}simple/ PROJECT` };
    case 'wheel':
      return { file: id, text: `pip install --extra-index-url ${url}simple/ PROJECT` };
    case 'files':
      return { file: id, text: `curl -LO ${url}FILE` };
  }
};

/** What somebody types, or puts on a machine, to use each mount; at last what tells a machine of all of them. */
export const mountSetups = ({ volumes, proxies }: Omit<ContentRules, 'names'>, base: string): readonly ClientSetup[] => [
  ...[...volumes, ...proxies].map((mounted) => setupOf(mounted, base)),
  { file: 'all of them, as variables of a shell', text: `curl -s ${base}/${MIRROR_INFO}` },
];
