import { createHash } from 'node:crypto';
import type { FieldProblem } from '#domain/access/field-rights.ts';
import { errorReply, type HttpReply, jsonReply } from '#wire/api/http-call.ts';
import { printPath } from '#wire/network-file/problem.ts';

const TAG_DIGITS = 16;
/** Nobody repairs more at a time, and a reply has an end. */
const MOST_PROBLEMS = 100;

/** Of the entity's text as it stands in a reply: SHA-256, the first 16 digits, in quotes as headers have it. */
export const entityTag = (value: unknown): string =>
  `"${createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, TAG_DIGITS)}"`;

const withProblems = (statusCode: number, kind: string, value: string, problems: readonly FieldProblem[]): HttpReply =>
  jsonReply(statusCode, {
    kind,
    value,
    problems: problems.slice(0, MOST_PROBLEMS).map(({ path, message }) => ({ path: printPath(path), message })),
  });

export const unauthenticated = (why: string): HttpReply =>
  errorReply(401, 'unauthenticated', why, { 'www-authenticate': 'Bearer' });

export const forbidden = (why: string): HttpReply => errorReply(403, 'forbidden', why);

export const forbiddenFields = (problems: readonly FieldProblem[]): HttpReply =>
  withProblems(403, 'forbidden', 'Some of these fields are not yours to set.', problems);

export const notFound = (what: string): HttpReply => errorReply(404, 'not_found', what);

export const badRequest = (why: string): HttpReply => errorReply(400, 'invalid_request', why);

export const invalidEntity = (problems: readonly FieldProblem[]): HttpReply =>
  withProblems(422, 'invalid', 'This cannot be stored; `problems` says why, field by field.', problems);

/** What was sent is sound by itself, and does not go with what else is in the network. */
export const conflict = (problems: readonly { readonly path: string; readonly message: string }[]): HttpReply =>
  jsonReply(409, {
    kind: 'conflict',
    value: 'The rest of the network does not allow this.',
    problems: problems.slice(0, MOST_PROBLEMS),
  });

export const preconditionFailed = (): HttpReply =>
  errorReply(412, 'precondition_failed', 'This is not what you have seen: read it again, then decide.');
