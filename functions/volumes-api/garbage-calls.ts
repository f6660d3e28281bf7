import type { SweepMode } from '#ports/volume-sweeps.ts';
import { type HttpReply, jsonReply } from '#wire/api/http-call.ts';
import { badRequest } from './replies.ts';
import { userOf, type VolumesRequest } from './volumes-deps.ts';

const isMode = (text: string | undefined): text is SweepMode | undefined =>
  text === undefined || text === 'planned' || text === 'done';

/** How the last sweep went, or how far it is. */
export const readGarbage = async ({ deps, query }: VolumesRequest): Promise<HttpReply> => {
  const mode = query['mode'];
  if (!isMode(mode)) return badRequest('mode is planned or done.');
  return jsonReply(200, { last: await deps.sweeps.last(mode) });
};

/** Asks for a sweep; its report has the run's name. */
export const runSweep = async (request: VolumesRequest, { mode }: { readonly mode: SweepMode }): Promise<HttpReply> => {
  const { deps } = request;
  const run = deps.newId();
  await deps.sweepQueue.send({ kind: 'sweep', run, by: userOf(request), mode }, run);
  return jsonReply(202, { run });
};
