/**
 * Pages of somebody else's index of Python packages (PEP 503 and PEP 691), with links that lead here. Upstream's page is kept as it came
 * and read anew for each answer, so a change of the network file is seen at once. What a page links to and is not below a declared URL
 * is left out: nobody is sent anywhere by a page that upstream, or whoever stands between, has put together. An index of everything, as
 * PyPI's of thirty megabytes, is left to upstream; pip never asks for it.
 */
import { hash } from 'node:crypto';
import { encodePath } from '#domain/answer/url-path.ts';
import { answerBytes, PAGE_BYTES } from '#domain/content/answer-bytes.ts';
import type { ProxyVolume } from '#domain/content/content-rules.ts';
import { SOURCE_HEADER, servedBytes } from '#domain/content/proxy-answer.ts';
import { linkedPath, type ProxyPage } from '#domain/content/proxy-place.ts';
import { chooseSimpleForm, PLAIN_HTML, SIMPLE_FORMS, type SimpleForm } from '#domain/volume/python/choose-simple-form.ts';
import type { SimpleProject } from '#domain/volume/python/simple-project.ts';
import { printSimpleIndex, printSimpleProject } from '#wire/pypi/print-simple-page.ts';
import { parseUpstreamIndex, parseUpstreamProject, UPSTREAM_ACCEPT, type UpstreamPage } from '#wire/pypi/upstream-page.ts';
import type { ProxyQuestion } from '../content.ts';
import type { ContentReply } from '../content-reply.ts';
import { NOTHING, notAcceptable } from '../replies.ts';
import type { ProxyDeps } from './proxy-deps.ts';
import { replyWith } from './reply-with.ts';

/** What stays in memory while it comes. The largest pages of single projects at PyPI are below ten megabytes. */
const PROJECT_BYTES = 16_777_216;
const PROJECTS_BYTES = 4_194_304;

interface PageKind {
  readonly maximumBytes: number;
  /** Throws WireError for a page that does not parse. */
  readonly read: (page: UpstreamPage) => Printable;
  /** What a program would call the page. */
  readonly name: string;
}

type Printable = (form: SimpleForm) => string;

/** A page of which no client can make anything must not take the place of a good one, so it is read before it is kept. */
const pageReply = async (deps: ProxyDeps, question: ProxyQuestion, page: ProxyPage, kind: PageKind): Promise<ContentReply> => {
  const { volume, crawl, headers: conditions } = question;
  const form = chooseSimpleForm(conditions.accept);
  if (form === undefined) return notAcceptable(SIMPLE_FORMS);
  const wanted = {
    ...page,
    volume,
    crawl,
    maximumBytes: Math.min(kind.maximumBytes, volume.maximumBytes),
    accept: UPSTREAM_ACCEPT,
    check: (bytes: Uint8Array, contentType: string) => void kind.read({ bytes, contentType, url: page.url }),
  };
  return replyWith(deps, question, wanted, async ({ known, checkedMs, source, bytes: came }) => {
    const bytes = came ?? (await deps.bytes.read(known.sha256, kind.maximumBytes));
    if (bytes === undefined) return undefined;
    const body = Buffer.from(kind.read({ ...known, bytes })(form));
    const contentType = form === PLAIN_HTML ? `${form}; charset=utf-8` : form;
    const printed = { sha256: hash('sha256', body), sizeBytes: body.length, contentType, lastModified: undefined };
    const served = servedBytes(volume, printed, kind.name, { checkedMs, source, isImmutable: false }, deps.clock.now());
    // Parts of a page are of no use to anybody.
    const asked = { ifNoneMatch: conditions.ifNoneMatch, range: undefined, ifRange: undefined };
    const { status, headers, kind: answered } = answerBytes({ ...served, inlineBytes: PAGE_BYTES }, asked);
    if (status === 307) await deps.bytes.put(printed.sha256, body, contentType);
    const described = { ...headers, vary: 'accept', [SOURCE_HEADER]: source };
    return { status, headers: described, body: answered === 'empty' ? NOTHING : body };
  });
};

/** Only files that are fetched through here, with the paths that they have here. */
const ledHere = (volume: ProxyVolume, placeMount: string, project: SimpleProject): SimpleProject => ({
  ...project,
  files: project.files.flatMap((file) => {
    const path = linkedPath(volume, file.url);
    return path === undefined ? [] : [{ ...file, url: encodePath(`${placeMount}/${path}`) }];
  }),
});

export const projectReply = (deps: ProxyDeps, question: ProxyQuestion, page: ProxyPage, project: string): Promise<ContentReply> =>
  pageReply(deps, question, page, {
    maximumBytes: PROJECT_BYTES,
    read: (from) => {
      const shown = ledHere(question.volume, question.placeMount, parseUpstreamProject(from, project));
      return (form) => printSimpleProject(form, shown);
    },
    name: project,
  });

export const projectsReply = (deps: ProxyDeps, question: ProxyQuestion, page: ProxyPage): Promise<ContentReply> =>
  pageReply(deps, question, page, {
    maximumBytes: PROJECTS_BYTES,
    read: (from) => {
      const names = parseUpstreamIndex(from);
      return (form) => printSimpleIndex(form, question.placeMount.slice(1), names);
    },
    name: 'simple',
  });
