import type { Category, CategoryId, CrawlPolicy, EpochMs, Inventory, Master } from '#domain/inventory/inventory.ts';
import { type Collected, directoryCollector } from '#domain/master/collect-directories.ts';
import { findRepositories } from '#domain/master/find-repositories.ts';
import type { FileHashes, Manifest } from '#domain/master/manifest.ts';
import { compileRules } from '#domain/master/match-repository.ts';
import { nextManifest } from '#domain/master/next-manifest.ts';
import { headsToRead, type SettledRepositories, settleRepositories } from '#domain/master/settle-repositories.ts';
import type { Clock } from '#ports/clock.ts';
import type { InventoryStore } from '#ports/inventory-store.ts';
import type { Log } from '#ports/log.ts';
import type { ManifestPointer, ManifestStore } from '#ports/manifest-store.ts';
import type { MasterListing, MasterReader } from '#ports/master-reader.ts';
import { logScan } from './log-scan.ts';
import { readHeads } from './read-heads.ts';
import type { ScanInput } from './scan-input.ts';
import type { ScanNotes, ScanOutcome } from './scan-outcome.ts';

export interface ScanMasterDeps {
  readonly inventory: Pick<InventoryStore, 'load'>;
  readonly manifests: ManifestStore;
  /** A reader of its own for every scan, obeying the network's address rules. */
  readonly masters: (master: Master, policy: CrawlPolicy) => MasterReader;
  readonly hashes: (bytes: Uint8Array) => FileHashes;
  readonly clock: Clock;
  readonly log: Log;
}

interface Listed {
  readonly listing: MasterListing;
  readonly collected: Collected;
  readonly digests: ReadonlyMap<string, string>;
}

const listMaster = async (reader: MasterReader, excludes: readonly string[]): Promise<Listed> => {
  const collector = directoryCollector(excludes);
  const digests = new Map<string, string>();
  const listing = await reader.list({
    entry: (entry) => collector.add(entry),
    digest: (path, sha256) => void digests.set(path, sha256),
  });
  return { listing, collected: collector.finish(), digests };
};

interface Before {
  readonly pointer: ManifestPointer | undefined;
  readonly manifest: Manifest | undefined;
}

type Settled = SettledRepositories & Pick<ScanNotes, 'problems'>;

const settle = async (
  deps: ScanMasterDeps,
  category: Category,
  reader: MasterReader,
  { collected, digests }: Listed,
  before: Before,
  startedMs: EpochMs,
): Promise<Settled> => {
  const { candidates, problems } = findRepositories(collected.headFiles, compileRules(category.rules), before.manifest);
  const scannedMs = before.pointer?.scannedMs ?? 0;
  const paths = headsToRead(candidates, collected.directories, digests, before.manifest, scannedMs);
  const heads = paths.map((path) => ({
    path,
    listed: collected.headFiles.get(path) ?? { sizeBytes: 0, modifiedSeconds: 0 },
    listedSha256: digests.get(path),
  }));
  const scanRunsMs = (): number => deps.clock.now() - startedMs;
  const read = await readHeads({ reader, hashes: deps.hashes, scanRunsMs }, heads);
  return {
    problems,
    ...settleRepositories(candidates, collected.directories, read, before.manifest, category.alternates, startedMs),
  };
};

const publish = async (
  deps: ScanMasterDeps,
  category: CategoryId,
  { fileCount }: Collected,
  { directories, repositories, problems, heldBack }: Settled,
  { pointer, manifest: previous }: Before,
  startedMs: EpochMs,
): Promise<ScanOutcome> => {
  const next = nextManifest(previous, { category, directories, repositories, fileCount }, startedMs);
  // While something is held back, the scan does not count as whole: the next one must look again at all that this one looked at.
  const scannedMs = heldBack.length === 0 ? startedMs : (pointer?.scannedMs ?? 0);
  switch (next.kind) {
    case 'refused':
      return next;
    case 'unchanged':
      if (pointer === undefined) throw new Error('nothing can be unchanged before the first manifest');
      if (heldBack.length === 0) await deps.manifests.confirm(pointer, scannedMs);
      return { kind: 'unchanged', generation: pointer.generation, problems, heldBack };
    case 'changed': {
      const published = await deps.manifests.publish(next.manifest, pointer?.generation, scannedMs);
      if (published.kind === 'lost') return { kind: 'lost' };
      return { kind: 'published', generation: published.pointer.generation, changes: next.changes, problems, heldBack };
    }
  }
};

/**
 * Looks at one category's master. Nothing is written before the listing is whole; then the manifest object, then its pointer,
 * which moves only if it still is where this scan found it. Killed anywhere, the next scan starts from the same pointer.
 */
const scanCategory = async (deps: ScanMasterDeps, category: Category, policy: CrawlPolicy): Promise<ScanOutcome> => {
  const startedMs = deps.clock.now();
  const pointer = await deps.manifests.pointer(category.id);
  const manifest = pointer === undefined ? undefined : await deps.manifests.read(pointer);
  const before = { pointer, manifest };
  const reader = deps.masters(category.master, policy);
  const listed = await listMaster(reader, category.excludes);
  if (listed.listing.kind !== 'complete') return listed.listing;
  const settled = await settle(deps, category, reader, listed, before, startedMs);
  return publish(deps, category.id, listed.collected, settled, before, startedMs);
};

const wanted = (inventory: Inventory, category: CategoryId | undefined): readonly Category[] =>
  inventory.categories.filter(({ id }) => category === undefined || id === category);

/** Scans one category, or all of them one after the other; a fault in one does not keep the others from being scanned. */
export const scanMaster = async (deps: ScanMasterDeps, input: ScanInput): Promise<Readonly<Record<CategoryId, ScanOutcome>>> => {
  const inventory = await deps.inventory.load();
  const categories = wanted(inventory, input.category);
  if (input.category !== undefined && categories.length === 0) return { [input.category]: { kind: 'unknown-category' } };
  const outcomes: Record<CategoryId, ScanOutcome> = {};
  const faults: unknown[] = [];
  for (const category of categories) {
    try {
      const outcome = await scanCategory(deps, category, inventory.settings.crawl);
      logScan(deps.log, category.id, outcome);
      outcomes[category.id] = outcome;
    } catch (error) {
      deps.log.error('scan failed', { category: category.id, error });
      faults.push(error);
    }
  }
  if (faults.length === 1) throw faults[0];
  if (faults.length > 1) throw new AggregateError(faults, 'several scans failed');
  return outcomes;
};
