import * as v from 'valibot';
import { type Digest, digestName, digestOfName } from '#domain/artefact/digest.ts';
import type { CheckedSource, InstalledState, Release } from '#domain/artefact/installed.ts';
import { parseJson } from '../parse-json.ts';

/** Another version of the program writes another number; one that does not know it stops. */
const SCHEMA = 1;

const Text = v.pipe(v.string(), v.minLength(1), v.maxLength(10_000));
const DigestText = v.pipe(
  Text,
  v.check((text) => digestOfName(text) !== undefined, 'is no digest'),
  v.transform((text): Digest => digestOfName(text) as Digest),
);
const ReleaseSchema = v.object({
  target: Text,
  digest: v.optional(DigestText),
  artefact: v.optional(Text),
  installedAt: v.pipe(v.string(), v.isoTimestamp()),
});
const CheckedSchema = v.object({
  url: Text,
  kind: v.picklist(['artefact', 'list']),
  artefact: Text,
  etag: v.optional(Text),
  lastModified: v.optional(Text),
  digest: DigestText,
});
const StateSchema = v.object({
  schema: v.literal(SCHEMA),
  current: v.optional(ReleaseSchema),
  previous: v.array(ReleaseSchema),
  bad: v.array(DigestText),
  checked: v.optional(CheckedSchema),
  hooksDue: v.optional(v.picklist(['installed', 'taken_back'])),
});

/** What is installed at one destination, as it is on the host's disk; WireError when it is none of ours. */
export function parseInstalledState(text: string): InstalledState {
  const { current, previous, bad, checked, hooksDue } = parseJson(StateSchema, text, 'the state');
  return {
    current: current && releaseOf(current),
    previous: previous.map(releaseOf),
    bad,
    checked: checked && { ...checked, etag: checked.etag, lastModified: checked.lastModified },
    hooksDue,
  };
}

const releaseOf = ({ target, digest, artefact, installedAt }: v.InferOutput<typeof ReleaseSchema>): Release => ({
  target,
  digest,
  artefact,
  installedAt,
});

export function printInstalledState(state: InstalledState): string {
  const printed = {
    schema: SCHEMA,
    current: state.current && printRelease(state.current),
    previous: state.previous.map(printRelease),
    bad: state.bad.map(digestName),
    checked: state.checked && printChecked(state.checked),
    hooksDue: state.hooksDue,
  };
  return `${JSON.stringify(printed, null, 2)}\n`;
}

const printRelease = (release: Release) => ({ ...release, digest: release.digest && digestName(release.digest) });
const printChecked = (checked: CheckedSource) => ({ ...checked, digest: digestName(checked.digest) });

const MarkerSchema = v.object({ digest: DigestText });

/** The file that is written into a tree when all the rest of it is on disk; undefined when it is none. */
export function parseTreeMarker(text: string): Digest | undefined {
  try {
    return parseJson(MarkerSchema, text, 'the marker').digest;
  } catch {
    return undefined;
  }
}

export const printTreeMarker = (digest: Digest): string => `${JSON.stringify({ digest: digestName(digest) })}\n`;
