import { isAdminOf, roleOf } from '#domain/access/actor.ts';
import { mayDo } from '#domain/access/permissions.ts';
import { type HttpReply, jsonReply } from '#wire/api/http-call.ts';
import { printNetworkFile } from '#wire/network-file/print-network-file.ts';
import { type AdminRequest, accessTo } from './admin-deps.ts';
import { forbidden } from './replies.ts';

/** Who the caller is here, and what is theirs. */
export const readMe = ({ user, network }: AdminRequest): HttpReply => {
  const { sites } = network.inventory;
  return jsonReply(200, {
    user: user.name,
    role: roleOf(user, sites),
    sites: sites.filter((site) => isAdminOf(user, site)).map(({ id }) => id),
    mayCreateSites: mayDo(user, 'site.create', [], accessTo(network)),
  });
};

/** The whole network file. */
export const readNetwork = ({ user, network }: AdminRequest): HttpReply =>
  mayDo(user, 'network.read', [], accessTo(network))
    ? jsonReply(200, printNetworkFile(network.inventory), { 'mirrortide-revision': String(network.revision) })
    : forbidden('Only an administrator of the network reads all of it.');
