import { type FieldProblem, hostFieldProblems, siteFieldProblems } from '#domain/access/field-rights.ts';
import { pendingAfter } from '#domain/access/pending.ts';
import type { Host, Inventory, Site } from '#domain/inventory/inventory.ts';
import type { InventoryEntity } from '#wire/inventory-item.ts';
import { netblockProblems } from '#wire/network-file/netblock-checks.ts';
import { field, isMapping } from '#wire/network-file/raw.ts';
import type { User } from './admin-deps.ts';
import type { Part } from './document-part.ts';
import type { NetworkAt } from './held-network.ts';

export type Judged =
  | { readonly kind: 'refused'; readonly problems: readonly FieldProblem[] }
  | {
      readonly kind: 'fine';
      readonly entity: InventoryEntity | undefined;
      /** An earlier proof says nothing of the host as it is now. */
      readonly forgetsChallenge: boolean;
    };

const siteIn = ({ sites }: Inventory, id: string | undefined): Site | undefined => sites.find((site) => site.id === id);

const netblocksOf = (wanted: unknown, before: Host | undefined, after: Inventory): readonly FieldProblem[] => {
  const { access, crawl } = after.settings;
  return netblockProblems(wanted, {
    // Ranges are judged with the whole network; here only the size is left.
    private: true,
    allowedAddresses: crawl.allowedAddresses,
    minimumPrefix: access.minimumPrefix,
    registered: before?.netblocks ?? [],
  });
};

/** What is written of `pending` must be what comes of the change; what is not written is nobody's claim. */
const pendingProblems = (wanted: unknown, pending: boolean): readonly FieldProblem[] => {
  const said = isMapping(wanted) && Object.hasOwn(wanted, 'pending') ? field(wanted, 'pending') : pending;
  return said === pending
    ? []
    : [{ path: ['pending'], message: 'changes by proof of control, or by an administrator of the network' }];
};

const judgeHost = (before: Inventory, after: Inventory, wanted: unknown, host: Host): Judged => {
  const earlier = before.hosts.find(({ id }) => id === host.id);
  const change = {
    before: earlier,
    after: host,
    siteBefore: siteIn(before, earlier?.site),
    siteAfter: siteIn(after, host.site),
  };
  const pending = pendingAfter(change);
  const problems = [...hostFieldProblems(change), ...netblocksOf(wanted, earlier, after), ...pendingProblems(wanted, pending)];
  if (problems.length > 0) return { kind: 'refused', problems };
  return fine({ kind: 'host', value: { ...host, pending } }, earlier);
};

const fine = (entity: InventoryEntity | undefined, earlier: Host | undefined): Judged => ({
  kind: 'fine',
  entity,
  forgetsChallenge: entity?.kind === 'host' && entity.value.pending && earlier?.pending !== true,
});

/** What somebody who is no administrator of the network may make of an entity that is theirs. */
export const judgeOwner = (
  { inventory: before }: NetworkAt,
  after: Inventory,
  part: Part,
  user: User,
  wanted: unknown,
  entity: InventoryEntity | undefined,
): Judged => {
  if (!user.administrator && entity?.kind === 'host') return judgeHost(before, after, wanted, entity.value);
  if (!user.administrator && entity?.kind === 'site') {
    const earlier = before.sites.find(({ id }) => part.kind === 'site' && id === part.id);
    const problems = siteFieldProblems(earlier, entity.value);
    if (problems.length > 0) return { kind: 'refused', problems };
  }
  return fine(entity, entity?.kind === 'host' ? before.hosts.find(({ id }) => id === entity.value.id) : undefined);
};
