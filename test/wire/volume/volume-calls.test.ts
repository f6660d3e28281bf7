import type * as v from 'valibot';
import { expect, test } from 'vitest';
import { parseCallBody } from '#wire/api/call-body.ts';
import {
  askedObjectsSchema,
  emptySchema,
  leaseEndSchema,
  leaseSchema,
  MOST_ASKED_OBJECTS,
  reasonSchema,
  releaseSchema,
  releasesSchema,
  rollBackSchema,
  stageSchema,
  sweepSchema,
} from '#wire/volume/volume-calls.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const FIVE_GIB = 5 * 2 ** 30;

const asked = (sizeBytes: number, objects = 1) =>
  JSON.stringify({ root: A, objects: Array(objects).fill({ sha256: B, sizeBytes }), look: true });
const wishes = (...volumes: readonly string[]) => JSON.stringify({ releases: volumes.map((volume) => ({ volume, release: A })) });

type Case<Third> = [string, v.GenericSchema, string, Third];

test.each<Case<unknown>>([
  ['staging', stageSchema, `{"root":"${A}","files":0,"bytes":7}`, { root: A, files: 0, bytes: 7 }],
  ['objects', askedObjectsSchema, asked(FIVE_GIB), { root: A, objects: [{ sha256: B, sizeBytes: FIVE_GIB }], look: true }],
  ['a release', releaseSchema, `{"release":"${A}"}`, { release: A }],
  ['a release over nothing', releaseSchema, `{"release":"${A}","expect":null,"fence":3}`, { release: A, expect: null, fence: 3 }],
  ['a release over another', releaseSchema, `{"release":"${A}","expect":"${B}"}`, { release: A, expect: B }],
  ['many releases', releasesSchema, wishes('v', 'w'), JSON.parse(wishes('v', 'w'))],
  ['a rollback', rollBackSchema, '{"reason":" bad "}', { reason: 'bad' }],
  ['a rollback to one', rollBackSchema, `{"to":"${A}","reason":"bad"}`, { to: A, reason: 'bad' }],
  ['a reason', reasonSchema, '{"reason":"bad"}', { reason: 'bad' }],
  ['a lease', leaseSchema, '', {}],
  ['a longer lease', leaseSchema, '{"fence":2}', { fence: 2 }],
  ['the end of a lease', leaseEndSchema, '{"fence":2}', { fence: 2 }],
  ['a sweep', sweepSchema, '{"mode":"planned"}', { mode: 'planned' }],
  ['nothing', emptySchema, '{}', {}],
])('the body of %s', (_, schema, body, value) => {
  expect(parseCallBody(schema, body)).toEqual({ kind: 'ok', value });
});

test.each<Case<string>>([
  ['staging without a root', stageSchema, '', 'root'],
  ['staging of half a file', stageSchema, `{"root":"${A}","files":0.5,"bytes":1}`, 'files'],
  ['staging of null', stageSchema, 'null', ''],
  ['no JSON', stageSchema, '{', ''],
  ['no objects', askedObjectsSchema, asked(1, 0), 'objects'],
  ['too many objects', askedObjectsSchema, asked(1, MOST_ASKED_OBJECTS + 1), 'objects'],
  ['a file above 5 GiB', askedObjectsSchema, asked(FIVE_GIB + 1), 'objects.0.sizeBytes'],
  ['a bare hash', askedObjectsSchema, `{"root":"${A}","objects":["${A}"],"look":true}`, 'objects.0'],
  ['a misspelt key', releaseSchema, `{"release":"${A}","expected":"${B}"}`, 'expected'],
  ['a fence that never was', releaseSchema, `{"release":"${A}","fence":0}`, 'fence'],
  ['no releases', releasesSchema, wishes(), 'releases'],
  ['a volume that is named twice', releasesSchema, wishes('v', 'w', 'v'), 'releases'],
  ['too many volumes', releasesSchema, wishes(...Array.from({ length: 21 }, (__, at) => `v${at}`)), 'releases'],
  ['a misspelt key of one of many', releasesSchema, `{"releases":[{"volume":"v","release":"${A}","to":1}]}`, 'releases.0.to'],
  ['an empty reason', rollBackSchema, '{"reason":"  "}', 'reason'],
  ['no reason', rollBackSchema, '{}', 'reason'],
  ['a long reason', reasonSchema, `{"reason":"${'x'.repeat(501)}"}`, 'reason'],
  ['the end of no lease', leaseEndSchema, '{}', 'fence'],
  ['a sweep of another mode', sweepSchema, '{"mode":"now"}', 'mode'],
  ['more than nothing', emptySchema, '{"a":1}', 'a'],
])('%s is refused, naming the place', (_, schema, body, path) => {
  const parsed = parseCallBody(schema, body);
  expect(parsed.kind === 'invalid' ? parsed.problems[0]?.path : parsed).toBe(path);
});
