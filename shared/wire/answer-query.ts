/**
 * Path and query of a request to `answer`, as the CDN passes them on (`/metalink/REPO/ARCH?…`) and as clients write them
 * (`/metalink?repo=REPO&arch=ARCH`). Total: whatever is sent becomes a question, a status page or "not found". Values are
 * percent-decoded, and `+` stays `+`, since file names hold it (libstdc++) and no repository's name holds a blank. Of a repeated
 * parameter the first counts, as in the CDN's viewer function; unknown ones (`countme`) are ignored.
 */
import type { AnswerFormat, AnswerRequest, Target } from '#domain/answer/request.ts';

export type AnswerQuery =
  | { readonly kind: 'answer'; readonly request: AnswerRequest }
  | { readonly kind: 'status'; readonly json: boolean }
  | { readonly kind: 'not-found' };

/** Characters, encoded; apt itself fails on URLs above 240. */
const MAXIMUM_URL = 3_000;
const MAXIMUM_NAME = 200;
const MAXIMUM_PATH = 1_000;
const MAXIMUM_LIST = 30;

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded UTF-8: taken as it stands, which will be the name of nothing.
    return text;
  }
};

const parseParameters = (query: string): ReadonlyMap<string, string> => {
  const parameters = new Map<string, string>();
  for (const piece of query.split('&')) {
    const equals = piece.indexOf('=');
    const name = decode(equals < 0 ? piece : piece.slice(0, equals));
    if (!parameters.has(name)) parameters.set(name, equals < 0 ? '' : decode(piece.slice(equals + 1)));
  }
  return parameters;
};

const isOn = (value: string | undefined): boolean => value !== undefined && !/^(0|no|false|off)$/i.test(value);

const parseList = (value: string | undefined, shape: RegExp): string[] =>
  [...new Set((value ?? '').split(',').map((part) => part.trim()))].filter((part) => shape.test(part)).slice(0, MAXIMUM_LIST);

/** Present but without a single plausible name: asked for nothing we know, which is not the same as not asking. */
const parseProtocols = (value: string | undefined): readonly string[] | undefined => {
  if (value === undefined || value === '') return undefined;
  return parseList(value.toLowerCase(), /^[a-z]{1,10}$/);
};

const parsePath = (text: string): Target | string =>
  text.length > MAXIMUM_PATH
    ? `path is longer than ${MAXIMUM_PATH} characters`
    : {
        kind: 'path',
        path: text
          .split('/')
          .filter((segment) => segment !== '')
          .join('/'),
      };

const parseRepository = (repo: string, arch: string): Target | string =>
  repo.length > MAXIMUM_NAME || arch.length > MAXIMUM_NAME
    ? `repo or arch is longer than ${MAXIMUM_NAME} characters`
    : { kind: 'repository', repo, arch };

/** A target, or what is wrong. */
const parseTarget = (inPath: readonly string[], parameters: ReadonlyMap<string, string>): Target | string => {
  if (inPath.length >= 2) return parseRepository(inPath.slice(0, -1).join('/'), inPath.at(-1) ?? '');
  const path = parameters.get('path');
  const repo = parameters.get('repo') ?? '';
  const arch = parameters.get('arch') ?? '';
  if (path !== undefined && path !== '') return parsePath(path);
  if (repo !== '' && arch !== '') return parseRepository(repo, arch);
  return path === undefined ? 'either path=, or repo= and arch= must be specified' : parsePath(path);
};

const parseRequest = (format: AnswerFormat, inPath: readonly string[], query: string): AnswerRequest => {
  const parameters = parseParameters(query);
  const target = parseTarget(inPath, parameters);
  if (typeof target === 'string') return { kind: 'invalid', format, problem: target };
  return {
    kind: 'list',
    format,
    target,
    countries: parseList((parameters.get('country') ?? '').toUpperCase(), /^([A-Z]{2}|GLOBAL)$/),
    protocols: parseProtocols(parameters.get('protocol')),
    redirect: isOn(parameters.get('redirect')),
    netblock: (parameters.get('netblock') ?? '1') === '1',
    time: isOn(parameters.get('time')),
  };
};

const isFormat = (text: string | undefined): text is AnswerFormat =>
  text === 'mirrorlist' || text === 'metalink' || text === 'explain';

/** `path` with its leading slash, `query` without the question mark, both still percent-encoded. */
export const parseAnswerQuery = (path: string, query: string): AnswerQuery => {
  const [first, ...rest] = path
    .slice(0, MAXIMUM_URL)
    .split('/')
    .filter((segment) => segment !== '')
    .map(decode);
  if (rest.length === 0 && (first === 'status' || first === 'status.json'))
    return { kind: 'status', json: first === 'status.json' };
  if (!isFormat(first) || rest.length === 1) return { kind: 'not-found' };
  if (path.length + query.length > MAXIMUM_URL) {
    const problem = `the URL is longer than ${MAXIMUM_URL} characters`;
    return { kind: 'answer', request: { kind: 'invalid', format: first, problem } };
  }
  return { kind: 'answer', request: parseRequest(first, rest, query) };
};
