import { isProjectName, normalName } from '#domain/volume/python/project-name.ts';
import type { CoreMetadata, SimpleFile, SimpleProject } from '#domain/volume/python/simple-project.ts';
import { isSha256 } from '#domain/volume/tree.ts';
import { decodeText } from '../bytes/decode-text.ts';
import { type Anchor, pageAnchors } from './page-anchors.ts';
import { parseSimpleIndexJson, parseSimpleProjectJson } from './parse-simple-json.ts';
import { linkedSha256 } from './parse-simple-page.ts';

/** A page of somebody else's index, as it came. */
export interface UpstreamPage {
  readonly bytes: Uint8Array;
  /** Decides which form it is in. */
  readonly contentType: string;
  /** Where it came from, which its links are relative to. */
  readonly url: string;
}

/** What upstream is asked for: JSON says more, and HTML is what old indexes have. */
export const UPSTREAM_ACCEPT =
  'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1, */*;q=0.01';

const isJson = ({ contentType }: UpstreamPage): boolean => /^application\/(?:[a-z0-9.-]+\+)?json\b/i.test(contentType);

/** A whole http URL without a fragment, and what the fragment was. */
const wholeUrl = (href: string, base: string): { readonly url: string; readonly fragment: string } | undefined => {
  const parsed = URL.parse(href.trim(), base);
  if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) return undefined;
  if (parsed.username !== '' || parsed.password !== '') return undefined;
  const fragment = parsed.hash;
  parsed.hash = '';
  return { url: parsed.href, fragment };
};

const isFileName = (name: string): boolean => name !== '' && name !== '.' && name !== '..' && !name.includes('/');

/** As it is in the URL, which is what pip calls the file. */
const nameIn = (url: string): string => {
  const { pathname } = new URL(url);
  try {
    return decodeURIComponent(pathname.slice(pathname.lastIndexOf('/') + 1));
  } catch {
    return '';
  }
};

const digestOf = (sha256: string | undefined): string | undefined =>
  sha256 !== undefined && isSha256(sha256) ? sha256 : undefined;

const coreMetadata = ({ attributes }: Anchor): CoreMetadata | undefined => {
  const written = attributes.get('data-core-metadata') ?? attributes.get('data-dist-info-metadata');
  if (written === undefined || written === 'false') return undefined;
  return { sha256: digestOf(/^sha256=(.*)$/.exec(written)?.[1]?.toLowerCase()) };
};

const anchoredFile = (anchor: Anchor, base: string): SimpleFile | undefined => {
  const place = wholeUrl(anchor.href, base);
  if (place === undefined) return undefined;
  return {
    name: nameIn(place.url),
    url: place.url,
    sha256: linkedSha256(place.fragment),
    sizeBytes: undefined,
    requiresPython: anchor.attributes.get('data-requires-python'),
    coreMetadata: coreMetadata(anchor),
    yanked: anchor.attributes.get('data-yanked'),
    uploadTime: undefined,
  };
};

const documentOf = (page: UpstreamPage) => {
  const { base, anchors } = pageAnchors(decodeText(page.bytes, 'the page'));
  return { anchors, base: (base === undefined ? undefined : wholeUrl(base, page.url)?.url) ?? page.url };
};

const listedFiles = (page: UpstreamPage): Pick<SimpleProject, 'versions' | 'files'> => {
  if (!isJson(page)) {
    const { anchors, base } = documentOf(page);
    return { versions: undefined, files: anchors.flatMap((anchor) => anchoredFile(anchor, base) ?? []) };
  }
  const { versions, files } = parseSimpleProjectJson(page.bytes);
  const whole = files.flatMap((file): readonly SimpleFile[] => {
    const place = wholeUrl(file.url, page.url);
    const metadata = file.coreMetadata && { sha256: digestOf(file.coreMetadata.sha256?.toLowerCase()) };
    return place === undefined ? [] : [{ ...file, url: place.url, sha256: digestOf(file.sha256), coreMetadata: metadata }];
  });
  return { versions, files: whole };
};

/** The page of the project of that name, with whole URLs. Links that are no files of anybody are left out. Throws WireError. */
export const parseUpstreamProject = (page: UpstreamPage, name: string): SimpleProject => {
  const { versions, files } = listedFiles(page);
  return { name, versions, files: files.filter((file) => isFileName(file.name)) };
};

/** Names of the list of all projects, in the normal form, each once. Throws WireError. */
export const parseUpstreamIndex = (page: UpstreamPage): readonly string[] => {
  const names = isJson(page) ? parseSimpleIndexJson(page.bytes) : documentOf(page).anchors.map(({ text }) => text);
  return [...new Set(names.filter(isProjectName).map(normalName))];
};
