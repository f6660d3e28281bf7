import type { FieldProblem } from '#domain/access/field-rights.ts';
import type { NetworkFileProblem, ProblemPath } from '#wire/network-file/problem.ts';
import { printPath } from '#wire/network-file/problem.ts';
import { field, isMapping, list, text } from '#wire/network-file/raw.ts';
import type { Part } from './document-part.ts';
import type { NetworkDocument } from './network-document.ts';

/** `hosts[12]` says nothing to somebody who never saw the whole file. */
const LIST_PLACE = /\b(sites|hosts|categories)\[(\d+)\]/g;

const named = (document: NetworkDocument, message: string): string =>
  message.replace(LIST_PLACE, (place, part: string, at: string) => {
    const id = text(field(list(document[part])[Number(at)], 'id'));
    return id === undefined ? place : `${part}/${id}`;
  });

const isBelow = (path: ProblemPath, top: ProblemPath): boolean => top.every((step, at) => path[at] === step);

const idProblems = (part: Part, wanted: unknown): readonly FieldProblem[] => {
  if (part.kind === 'settings') return [];
  if (!isMapping(wanted)) return [{ path: [], message: 'must be a mapping' }];
  return wanted['id'] === part.id ? [] : [{ path: ['id'], message: 'is not the id in the path' }];
};

/** A path that begins nowhere is beside a file; there is no file here. */
const directoryProblems = (part: Part, wanted: unknown): readonly FieldProblem[] => {
  if (part.kind !== 'category') return [];
  const master = field(wanted, 'master');
  const short = text(master);
  const isRelative = (path: string | undefined): boolean => path !== undefined && path !== '' && !path.startsWith('/');
  const message = 'a local directory begins with a slash here';
  if (short !== undefined && !/^[a-z][a-z0-9+.-]*:/i.test(short) && isRelative(short)) return [{ path: ['master'], message }];
  return isRelative(text(field(master, 'directory'))) ? [{ path: ['master', 'directory'], message }] : [];
};

/** The problems of what was sent, with paths inside it. */
export const ownProblems = (
  document: NetworkDocument,
  problems: readonly NetworkFileProblem[],
  part: Part,
  top: ProblemPath,
  wanted: unknown,
): readonly FieldProblem[] => {
  const found = problems
    .filter(({ path }) => isBelow(path, top))
    .map(({ path, message }) => ({ path: path.slice(top.length), message: named(document, message) }));
  return [...idProblems(part, wanted), ...directoryProblems(part, wanted), ...found];
};

/** The problems that a change makes elsewhere, with paths that begin with a name. */
export const networkProblems = (
  document: NetworkDocument,
  problems: readonly NetworkFileProblem[],
): readonly { readonly path: string; readonly message: string }[] =>
  problems.map(({ path, message }) => ({ path: named(document, printPath(path)), message: named(document, message) }));
