import type { Inventory } from '#domain/inventory/inventory.ts';
import { parseNetworkFile } from '#wire/network-file/parse-network-file.ts';
import { printPath } from '#wire/network-file/problem.ts';
import type { NetworkService } from './network-service.ts';

export type ReadNetwork =
  | { readonly kind: 'ok'; readonly inventory: Inventory; readonly document: unknown }
  | { readonly kind: 'refused' | 'unavailable'; readonly reason: string };

const PROBLEMS_SHOWN = 5;

/** The whole network as the service has it. */
export const readNetwork = async (service: NetworkService): Promise<ReadNetwork> => {
  const reply = await service.get('/api/v1/network');
  switch (reply.kind) {
    case 'ok': {
      const parsed = parseNetworkFile(reply.value, (path) => path);
      if (parsed.kind === 'ok') return { kind: 'ok', inventory: parsed.inventory, document: reply.value };
      const problems = parsed.problems.slice(0, PROBLEMS_SHOWN).map(({ path, message }) => `${printPath(path)}: ${message}`);
      return { kind: 'unavailable', reason: `its network is not one that this version reads: ${problems.join('; ')}` };
    }
    case 'absent':
      return {
        kind: 'refused',
        reason: 'it has no network yet, or no such API; npm run apply makes the first network',
      };
    case 'stale':
      return { kind: 'unavailable', reason: 'it answered 412 to a plain read' };
    case 'conflict':
    case 'refused':
      return { kind: 'refused', reason: reply.reason };
    case 'unavailable':
      return reply;
  }
};
