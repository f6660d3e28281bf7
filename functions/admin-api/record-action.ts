import type { AuditedOperation } from '#domain/access/audit-entry.ts';
import { Fault } from '#domain/errors.ts';
import type { HostId } from '#domain/inventory/inventory.ts';
import type { RememberedReply } from '#ports/administered-inventory.ts';
import type { AdminRequest } from './admin-deps.ts';
import { hostIn } from './document-part.ts';
import { untilWritten } from './until-written.ts';

export interface Action {
  readonly host: HostId;
  readonly operation: AuditedOperation;
  readonly before: unknown;
  readonly after: unknown;
  readonly remember?: RememberedReply | undefined;
}

/** Puts into the trail what was done to something that is not in the inventory itself, like a token of a host. */
export const recordAction = async (request: AdminRequest, action: Action): Promise<'recorded' | 'repeated'> => {
  const { deps, call, user } = request;
  const { host, operation, before, after, remember } = action;
  const recorded = await untilWritten(deps.clock, async () => {
    const network = await deps.network.current();
    const site = hostIn(network.inventory, host)?.site;
    const outcome = await deps.inventory.commit(
      {
        decidedAt: network.revision,
        audit: {
          atMs: call.arrivedMs,
          by: `user:${user.name}`,
          operation,
          entity: `host/${host}`,
          before,
          after,
          requestId: deps.newId(),
        },
        scopes: [{ kind: 'host', id: host }, ...(site === undefined ? [] : [{ kind: 'site', id: site } as const])],
        remember,
        forgetChallenges: [],
      },
      call.arrivedMs,
    );
    if (outcome.kind === 'committed') deps.network.advance(network, { ...network, revision: outcome.revision });
    if (outcome.kind === 'stale') return undefined;
    return outcome.kind === 'repeated' ? 'repeated' : 'recorded';
  });
  if (recorded === undefined) throw new Fault(`recording ${operation} of ${host}: others changed the network all the time`);
  return recorded;
};
