import type { SnapshotRepository } from '#domain/snapshot/document.ts';
import type { SnapshotView } from '#domain/snapshot/view.ts';

export interface ExampleUrl {
  readonly url: string;
  readonly what: string;
}

/** What somebody puts on a machine to make it a client of this network. */
export interface ClientSetup {
  readonly file: string;
  readonly text: string;
}

function firstOfType(view: SnapshotView, type: SnapshotRepository['type']): SnapshotRepository | undefined {
  for (let at = 0; at < view.counts.repositories; at += 1) {
    const repository = view.repositoryAt(at);
    if (repository.type === type && !repository.disabled) return repository;
  }
  return undefined;
}

const query = ({ repo, arch }: SnapshotRepository): string => `repo=${encodeURIComponent(repo)}&arch=${encodeURIComponent(arch)}`;

/** Questions that this network can answer, for somebody who sees it for the first time. */
export function exampleUrls(view: SnapshotView, base: string): readonly ExampleUrl[] {
  const rpm = firstOfType(view, 'rpm');
  const apt = firstOfType(view, 'apt');
  const any = rpm ?? apt ?? firstOfType(view, 'files');
  const forRpm = (repository: SnapshotRepository): readonly ExampleUrl[] => [
    {
      url: `${base}/metalink?${query(repository)}`,
      what: 'what dnf reads: mirrors, and the hashes of the metadata they must hold',
    },
    { url: `${base}/mirrorlist?${query(repository)}`, what: 'the same as plain text' },
    { url: `${base}/mirrorlist?${query(repository)}&country=US`, what: 'mirrors of one country first' },
  ];
  const forAny = (repository: SnapshotRepository): readonly ExampleUrl[] => [
    { url: `${base}/mirrorlist?path=${encodeURI(repository.headPath)}&redirect=1`, what: 'straight to the file on a mirror' },
    { url: `${base}/explain?${query(repository)}`, what: 'every mirror, accepted or excluded, and why' },
  ];
  return [
    { url: `${base}/`, what: 'this network in the browser' },
    ...(rpm === undefined ? [] : forRpm(rpm)),
    ...(apt === undefined ? [] : [{ url: `${base}/mirrorlist?${query(apt)}`, what: 'what apt reads (mirror+http:)' }]),
    ...(any === undefined ? [] : forAny(any)),
    { url: `${base}/status`, what: 'what is published, and how old every fact is' },
  ];
}

/** An apt source names the suite; the components are the repository's own matter, and nearly every one has `main`. */
const suiteOf = ({ headPath }: SnapshotRepository): string => /dists\/([^/]+)\//.exec(headPath)?.[1] ?? 'stable';

/** The lines to copy for the first rpm and the first apt repository. Nothing in them is signed, since nothing here has a key. */
export function clientSetups(view: SnapshotView, base: string): readonly ClientSetup[] {
  const rpm = firstOfType(view, 'rpm');
  const apt = firstOfType(view, 'apt');
  const dnf = (repository: SnapshotRepository): ClientSetup => ({
    file: `/etc/yum.repos.d/${repository.repo}.repo`,
    text: `[${repository.repo}]\nname=${repository.repo}\nmetalink=${base}/metalink?${query(repository)}\ngpgcheck=0`,
  });
  const sources = (repository: SnapshotRepository): ClientSetup => ({
    file: `/etc/apt/sources.list.d/${repository.repo}.list`,
    text: `deb [trusted=yes] mirror+${base}/mirrorlist?${query(repository)} ${suiteOf(repository)} main`,
  });
  return [...(rpm === undefined ? [] : [dnf(rpm)]), ...(apt === undefined ? [] : [sources(apt)])];
}
