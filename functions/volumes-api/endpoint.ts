import type * as v from 'valibot';
import { mayDoWithVolume, VOLUME_PERMISSIONS, type VolumeOperation } from '#domain/access/volume-permissions.ts';
import { parseCallBody } from '#wire/api/call-body.ts';
import { errorReply, type HttpReply } from '#wire/api/http-call.ts';
import { forbidden, invalid, unknownVolume } from './replies.ts';
import type { VolumeRequest, VolumesRequest } from './volumes-deps.ts';

/** One method of one path. It answers everybody, those who may not included; a Fault may pass through. */
export interface Endpoint {
  /** Parameters besides these are refused. */
  readonly query: readonly string[];
  readonly answer: (request: VolumesRequest) => Promise<HttpReply>;
}

const MAX_BODY_CHARACTERS = 16_384;

export const notAllowed = (operation: VolumeOperation, volume?: string): HttpReply =>
  forbidden(
    volume === undefined
      ? 'This is for administrators of the network.'
      : `This needs the role of ${VOLUME_PERMISSIONS[operation]} of ${volume}.`,
  );

type Answer<Request, Body> = (request: Request, body: Body) => Promise<HttpReply>;

const withBody =
  <Request extends VolumesRequest, Body>(
    schema: v.GenericSchema<unknown, Body>,
    answer: Answer<Request, Body>,
    maxCharacters: number,
  ): ((request: Request) => Promise<HttpReply>) =>
  async (request) => {
    const { body } = request.call;
    if (body.length > maxCharacters) return errorReply(413, 'body_too_large', `A body may have ${maxCharacters} characters.`);
    const parsed = parseCallBody(schema, body);
    return parsed.kind === 'invalid' ? invalid(parsed.problems) : answer(request, parsed.value);
  };

const ifAllowed =
  (operation: VolumeOperation, answer: Endpoint['answer']): Endpoint['answer'] =>
  async (request) =>
    mayDoWithVolume(request.member, operation, undefined) ? answer(request) : notAllowed(operation);

/** The first part that a route leaves open is the volume; that it is declared is no secret. */
const ofVolume =
  (operation: VolumeOperation, answer: (request: VolumeRequest) => Promise<HttpReply>): Endpoint['answer'] =>
  async (request) => {
    const [id = ''] = request.params;
    const volume = request.rules.volumes.find((declared) => declared.id === id);
    if (volume === undefined) return unknownVolume(id);
    return mayDoWithVolume(request.member, operation, volume) ? answer({ ...request, volume }) : notAllowed(operation, id);
  };

/** What concerns the whole network. */
export const reads = (
  operation: VolumeOperation,
  answer: (request: VolumesRequest) => Promise<HttpReply>,
  ...query: readonly string[]
): Endpoint => ({ query, answer: ifAllowed(operation, answer) });

export const calls = <Body>(
  operation: VolumeOperation,
  schema: v.GenericSchema<unknown, Body>,
  answer: Answer<VolumesRequest, Body>,
): Endpoint => ({ query: [], answer: ifAllowed(operation, withBody(schema, answer, MAX_BODY_CHARACTERS)) });

/** What concerns the volume that the path names. */
export const readsVolume = (answer: (request: VolumeRequest) => Promise<HttpReply>, ...query: readonly string[]): Endpoint => ({
  query,
  answer: ofVolume('volume.read', answer),
});

export const callsVolume = <Body>(
  operation: VolumeOperation,
  schema: v.GenericSchema<unknown, Body>,
  answer: Answer<VolumeRequest, Body>,
  maxCharacters = MAX_BODY_CHARACTERS,
): Endpoint => ({ query: [], answer: ofVolume(operation, withBody(schema, answer, maxCharacters)) });
