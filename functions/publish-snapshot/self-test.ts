import { answerRequest } from '#domain/answer/answer-request.ts';
import { type ListFormat, repositoryRequest } from '#domain/answer/request.ts';
import { UNKNOWN_CLIENT } from '#domain/selection/client.ts';
import { servesEveryone } from '#domain/selection/eligibility.ts';
import type { SnapshotDocument, SnapshotPointer, SnapshotRepository } from '#domain/snapshot/document.ts';
import type { SnapshotView } from '#domain/snapshot/view.ts';

/** Enough to meet every kind of repository; a systematic fault shows in the first. */
const REPOSITORIES = 50;
const PROBLEMS = 5;
const WEB = ['https', 'http'];

/** Evenly over the whole list, always the same for the same document. */
const sample = (repositories: readonly SnapshotRepository[]): readonly SnapshotRepository[] => {
  const open = repositories.filter(({ disabled }) => !disabled);
  const step = Math.max(1, open.length / REPOSITORIES);
  return Array.from({ length: Math.min(REPOSITORIES, open.length) }, (_, index) => open[Math.floor(index * step)]).filter(
    (repository) => repository !== undefined,
  );
};

/** Whether the document promises a client of whom nothing is known at least one URL. */
const promises = (document: SnapshotDocument, repository: SnapshotRepository): boolean => {
  const standings = document.standings[repository.standings];
  const offered = [...(standings?.current ?? []), ...(standings?.alternate ?? [])];
  return offered.some((index) => {
    const carrier = document.carriers[index];
    const host = carrier === undefined ? undefined : document.hosts[carrier.host];
    const reachable = carrier?.urls.some(({ protocol }) => WEB.includes(protocol)) === true;
    return carrier?.state === 'serving' && reachable && host !== undefined && servesEveryone(host);
  });
};

const formats = (repository: SnapshotRepository): readonly ListFormat[] =>
  repository.type === 'rpm' ? ['metalink', 'mirrorlist'] : ['mirrorlist'];

const problemOf = (
  document: SnapshotDocument,
  view: SnapshotView,
  pointer: SnapshotPointer,
  repository: SnapshotRepository,
  format: ListFormat,
): string | undefined => {
  const answer = answerRequest(view, pointer, repositoryRequest(format, repository.repo, repository.arch), UNKNOWN_CLIENT);
  if (!promises(document, repository)) return undefined;
  if (answer.status !== 200) return `answers ${answer.status} although it has hosts`;
  if (!/https?:\/\//.test(answer.body)) return 'names no URL';
  const first = repository.heads[0]?.hashes.sha256 ?? '';
  return format === 'metalink' && !answer.body.includes(first) ? 'lacks the first digest' : undefined;
};

/**
 * Asks the packed bytes, as `answer` will open them, for a sample of repositories, and compares with what the document promised.
 * Returns the problems found, at most a few; none is what allows the pointer to move.
 */
export const selfTest = (document: SnapshotDocument, view: SnapshotView, pointer: SnapshotPointer): readonly string[] =>
  sample(document.repositories)
    .flatMap((repository) =>
      formats(repository).flatMap((format) => {
        const problem = problemOf(document, view, pointer, repository, format);
        return problem === undefined ? [] : [`self-test: ${format} of ${repository.repo} ${repository.arch} ${problem}`];
      }),
    )
    .slice(0, PROBLEMS);
