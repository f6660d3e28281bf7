import { digestName } from '#domain/artefact/digest.ts';
import type { InstalledState, Release } from '#domain/artefact/installed.ts';
import type { Terminal } from '../../cli/command.ts';
import { FETCH_EXIT_CODES } from '../fetch-outcome.ts';
import { layoutOf } from '../install/layout.ts';
import { isPresent, linkTargetOf, readState } from '../install/trees.ts';

interface Status {
  readonly destination: string;
  /** The destination leads to the current release, and that is whole. */
  readonly whole: boolean;
  readonly state: InstalledState;
}

/** Says what is installed at a destination. Exit code 0 when it is whole, 1 when not, or when nothing is installed. */
export async function fetchStatus(destination: string, json: boolean, terminal: Terminal): Promise<number> {
  const layout = layoutOf(destination);
  try {
    const state = readState(layout);
    const current = state.current;
    const whole = current !== undefined && linkTargetOf(layout) === current.target && isPresent(layout, current);
    const status = { destination, whole, state };
    terminal.out(json ? `${JSON.stringify(jsonOf(status))}\n` : `${linesOf(status).join('\n')}\n`);
    return whole ? FETCH_EXIT_CODES.unchanged : FETCH_EXIT_CODES.fault;
  } catch (error) {
    terminal.err(`mirrortide: ${error instanceof Error ? error.message : error}\n`);
    return FETCH_EXIT_CODES.fault;
  }
}

const releaseJson = (release: Release) => ({ ...release, digest: release.digest && digestName(release.digest) });

const jsonOf = ({ destination, whole, state }: Status) => ({
  destination,
  whole,
  current: state.current === undefined ? null : releaseJson(state.current),
  previous: state.previous.map(releaseJson),
  bad: state.bad.map(digestName),
  hooksDue: state.hooksDue ?? null,
});

function linesOf({ destination, whole, state }: Status): readonly string[] {
  if (state.current === undefined) return [`${destination}: nothing is installed`];
  return [
    `${destination}: ${whole ? 'whole' : 'damaged, or switched by somebody else; the next fetch repairs it'}`,
    `current   ${releaseLine(state.current)}`,
    ...state.previous.map((release) => `previous  ${releaseLine(release)}`),
    ...state.bad.map((digest) => `bad       ${digestName(digest)}`),
    ...(state.hooksDue === undefined ? [] : ['hooks     are due; the next fetch runs them']),
  ];
}

const releaseLine = (release: Release): string =>
  `${release.digest === undefined ? release.target : digestName(release.digest)} since ${release.installedAt}${release.artefact === undefined ? '' : ` from ${release.artefact}`}`;
