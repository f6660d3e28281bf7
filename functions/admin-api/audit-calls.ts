import type { AuditEntry, AuditScope } from '#domain/access/audit-entry.ts';
import { mayDo } from '#domain/access/permissions.ts';
import { type HttpReply, jsonReply } from '#wire/api/http-call.ts';
import { type AdminDeps, type AdminRequest, accessTo } from './admin-deps.ts';
import { refusalFor } from './entity-calls.ts';
import { firstPage, pageLimit } from './page.ts';
import { badRequest, forbidden } from './replies.ts';

const PAGE = 200;
/** An entity that was changed more often than this shows its owner its latest changes only. */
const MOST_ENTRIES = 2_000;

interface Window {
  readonly limit: number;
  readonly below: number | undefined;
}

/** `after` is a revision, as `next` said. */
const windowOf = ({ limit, after }: AdminRequest['query']): Window | undefined => {
  const most = pageLimit(limit);
  if (most === undefined || (after !== undefined && !/^\d{1,15}$/.test(after))) return undefined;
  return { limit: most, below: after === undefined ? undefined : Number(after) };
};

const wrongWindow = (): HttpReply => badRequest('limit is a whole number, 1 to 500; after is the `next` of the page before.');

const pageReply = (entries: readonly AuditEntry[], next: number | undefined): HttpReply =>
  jsonReply(200, { items: entries, next: next === undefined ? undefined : String(next) });

const scopeName = (scope: Exclude<AuditScope, { kind: 'network' }>): string => `${scope.kind}/${scope.id}`;

/** What happened since the entity last came into being: an earlier one of that name may have been somebody else's. */
const sinceCreation = async (
  deps: AdminDeps,
  scope: Exclude<AuditScope, { kind: 'network' }>,
): Promise<readonly AuditEntry[]> => {
  const found: AuditEntry[] = [];
  let below: number | undefined;
  while (found.length < MOST_ENTRIES) {
    const page = await deps.inventory.audit(scope, below, PAGE);
    for (const entry of page.entries) {
      found.push(entry);
      if (entry.operation === 'create' && entry.entity === scopeName(scope)) return found;
    }
    if (page.next === undefined) return found;
    below = page.next;
  }
  return found;
};

export const readNetworkAudit = async (request: AdminRequest): Promise<HttpReply> => {
  if (!mayDo(request.user, 'network.audit', [], accessTo(request.network))) {
    return forbidden("Only an administrator of the network reads the whole network's trail.");
  }
  const window = windowOf(request.query);
  if (window === undefined) return wrongWindow();
  const { entries, next } = await request.deps.inventory.audit({ kind: 'network' }, window.below, window.limit);
  return pageReply(entries, next);
};

/** Administrators also see the trail of what is gone. */
export const readEntityAudit =
  (kind: 'site' | 'host') =>
  async (request: AdminRequest): Promise<HttpReply> => {
    const [id = ''] = request.params;
    const scope = { kind, id } as const;
    const refusal = refusalFor(request, kind, id, `${kind}.audit`);
    if (refusal !== undefined && !(request.user.administrator && refusal.statusCode === 404)) return refusal;
    const window = windowOf(request.query);
    if (window === undefined) return wrongWindow();
    if (request.user.administrator) {
      const { entries, next } = await request.deps.inventory.audit(scope, window.below, window.limit);
      return entries.length === 0 && refusal !== undefined ? refusal : pageReply(entries, next);
    }
    const { below = Number.POSITIVE_INFINITY, limit } = window;
    const visible = (await sinceCreation(request.deps, scope)).filter(({ revision }) => revision < below);
    const entries = firstPage(visible, limit);
    return pageReply(entries, visible.length > entries.length ? entries.at(-1)?.revision : undefined);
  };
