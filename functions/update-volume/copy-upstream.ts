import type { Sha256, Tree, TreeEntry } from '#domain/volume/tree.ts';
import { treeOf } from '#domain/volume/tree-of.ts';
import { totalsOf } from '#domain/volume/upstream/wanted-file.ts';
import { guardProblems, type TreeTotals } from '#domain/volume/validate/guards.ts';
import { publishTree } from './publish-tree.ts';
import { type Resolved, resolveContents } from './resolve-contents.ts';
import type { Ended, UpdateRun } from './update-run.ts';
import { broken, UpdateStopped } from './update-stopped.ts';
import type { UpstreamListing } from './upstream/upstream-reader.ts';

/** Upstreams that change while they are read. */
const MOST_ROUNDS = 3;

/** A listing that a second look confirmed, where one is needed. */
const confirmed = async ({ reader }: UpdateRun, first: UpstreamListing): Promise<UpstreamListing> => {
  let listing = first;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const again = await reader.list(listing.heads);
    if (again === 'same') return listing;
    listing = again;
  }
  throw new UpdateStopped('upstream_moving', `upstream changed ${MOST_ROUNDS} times while it was listed`);
};

/** Refused before anything is copied that would be refused afterwards. */
const guard = async (run: UpdateRun, totals: TreeTotals | undefined): Promise<void> => {
  if (totals === undefined) return;
  const { release } = await run.current();
  const [problem] = guardProblems(run.volume, release, totals);
  if (problem !== undefined) throw new UpdateStopped('guarded', `what upstream has ${problem.message}`);
};

interface MadeObject {
  readonly entry: TreeEntry;
  readonly bytes: Uint8Array;
}

const madeObjects = (run: UpdateRun, { made }: UpstreamListing, { contents }: Resolved): readonly MadeObject[] =>
  [...(made?.(contents) ?? [])].map(({ path, text }) => {
    const bytes = new TextEncoder().encode(text);
    return { entry: { path, sha256: run.hash(bytes), sizeBytes: bytes.length, mode: 'file' }, bytes };
  });

const treeFrom = ({ files }: UpstreamListing, { contents }: Resolved, made: readonly MadeObject[]): Tree => {
  const entries = [...files.values()].flatMap(({ path, mode }): readonly TreeEntry[] => {
    const content = contents.get(path);
    return content === undefined ? [] : [{ path, mode, ...content }];
  });
  const outcome = treeOf([...entries, ...made.map(({ entry }) => entry)]);
  if (outcome.kind === 'refused') throw broken(JSON.stringify(outcome.problem.path), outcome.problem.message);
  return outcome.tree;
};

type Round = { readonly kind: 'ended'; readonly ended: Ended } | { readonly kind: 'moved'; readonly listing: UpstreamListing };

const copyRound = async (run: UpdateRun, listing: UpstreamListing): Promise<Round> => {
  await guard(run, totalsOf(listing.files.values()));
  const resolved = await resolveContents(run, listing);
  if (run.reader.confirm === 'in-the-end') {
    const again = await run.reader.list(listing.heads);
    if (again !== 'same') return { kind: 'moved', listing: again };
  }
  const made = madeObjects(run, listing, resolved);
  const tree = treeFrom(listing, resolved, made);
  await guard(run, { files: tree.entries.length, bytes: tree.entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) });
  const objects = new Map<Sha256, Uint8Array>(made.map(({ entry, bytes }) => [entry.sha256, bytes]));
  const ended = await publishTree(run, { listing, resolved, tree, objects });
  return { kind: 'ended', ended: { ...ended, heads: listing.heads } };
};

/** As `copyRound`; what is broken because upstream has moved on is no fault of it. */
const copyOrMove = async (run: UpdateRun, listing: UpstreamListing): Promise<Round> => {
  try {
    return await copyRound(run, listing);
  } catch (error) {
    if (!(error instanceof UpdateStopped) || error.end !== 'upstream_broken') throw error;
    const again = await run.reader.list(listing.heads);
    if (again === 'same') throw error;
    return { kind: 'moved', listing: again };
  }
};

/** From a listing to a release that is being checked, or to the finding that there is nothing new. */
export const copyUpstream = async (run: UpdateRun, first: UpstreamListing): Promise<Ended> => {
  let listing = first;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    if (run.reader.confirm === 'at-once') listing = await confirmed(run, listing);
    const outcome = await copyOrMove(run, listing);
    if (outcome.kind === 'ended') return outcome.ended;
    listing = outcome.listing;
  }
  throw new UpdateStopped('upstream_moving', `upstream changed ${MOST_ROUNDS} times while it was copied`);
};
