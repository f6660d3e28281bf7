import type { VolumeId } from '#domain/volume/volume.ts';
import type { Refusal } from '#domain/volume/volume-state.ts';
import type { BodyProblem } from '#wire/api/call-body.ts';
import { errorReply, type HttpReply, jsonReply } from '#wire/api/http-call.ts';
import { refusalText } from '#wire/volume/volume-json.ts';

/** Nobody repairs more at a time, and a reply has an end. */
const MOST_PROBLEMS = 100;

export const unauthenticated = (why: string): HttpReply =>
  errorReply(401, 'unauthenticated', why, { 'www-authenticate': 'Bearer' });

export const forbidden = (why: string): HttpReply => errorReply(403, 'forbidden', why);

export const badRequest = (why: string): HttpReply => errorReply(400, 'invalid_request', why);

export const invalid = (problems: readonly BodyProblem[]): HttpReply =>
  jsonReply(400, {
    kind: 'invalid_request',
    value: 'The body is not what this call takes; see problems.',
    problems: problems.slice(0, MOST_PROBLEMS),
  });

export const unknownVolume = (id: string): HttpReply =>
  errorReply(404, 'unknown_volume', `The network declares no volume ${JSON.stringify(id.slice(0, 100))}.`);

/** Of a release that is only looked at; whoever wants something of it gets a refusal. */
export const unknownRelease = (): HttpReply => errorReply(404, 'unknown-release', refusalText({ kind: 'unknown-release' }));

/** `kind` and `value` are the refusal's, and so is what else it says. */
export const refused = (refusal: Refusal): HttpReply => jsonReply(409, { ...refusal, value: refusalText(refusal) });

export interface VolumeRefusal {
  readonly volume: VolumeId;
  readonly refusal: Refusal;
}

/** Of several volumes: nothing was done to any of them. The first refusal stands for all. */
export const refusedTogether = (first: VolumeRefusal, all: readonly VolumeRefusal[]): HttpReply =>
  jsonReply(409, {
    ...first.refusal,
    value: `${first.volume}: ${refusalText(first.refusal)}`,
    volume: first.volume,
    refusals: all.map(({ volume, refusal }) => ({ ...refusal, value: refusalText(refusal), volume })),
  });
