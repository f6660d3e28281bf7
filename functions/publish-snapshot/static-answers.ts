import { answerRequest } from '#domain/answer/answer-request.ts';
import { repositoryRequest } from '#domain/answer/request.ts';
import { UNKNOWN_CLIENT } from '#domain/selection/client.ts';
import type { SnapshotDocument, SnapshotPointer } from '#domain/snapshot/document.ts';
import type { SnapshotView } from '#domain/snapshot/view.ts';
import type { StaticList } from '#ports/static-lists.ts';

const FORMATS = ['metalink', 'mirrorlist'] as const;

/**
 * What the CDN serves while `answer` is down: for each repository the answer to a client of whom nothing is known. Errors are
 * left out, so that a repository without hosts is an error there too.
 */
export function* staticAnswers(document: SnapshotDocument, view: SnapshotView, pointer: SnapshotPointer): Generator<StaticList> {
  for (const { repo, arch, disabled } of document.repositories) {
    if (disabled) continue;
    for (const format of FORMATS) {
      const { status, contentType, body } = answerRequest(view, pointer, repositoryRequest(format, repo, arch), UNKNOWN_CLIENT);
      if (status === 200) yield { path: `${format}/${repo}/${arch}`, contentType, body };
    }
  }
}
