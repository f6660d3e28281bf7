import { escapeXml } from '#domain/metalink/xml-text.ts';
import type { SimpleFile, SimpleProject } from '#domain/volume/python/simple-project.ts';
import { projectPlace } from './simple-place.ts';

/** PEP 503 with PEP 629. pip 22.0 refuses pages without the document type. */
const page = (title: string, lines: readonly string[]): string => `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="pypi:repository-version" content="1.0">
<title>${escapeXml(title)}</title>
</head>
<body>
<h1>${escapeXml(title)}</h1>
${lines.map((line) => `${line}\n`).join('')}</body>
</html>
`;

/** The list of projects. */
export const printSimpleIndexHtml = (mount: string, projects: readonly string[]): string =>
  page(
    'Simple index',
    projects.map((project) => `<a href="${escapeXml(projectPlace(mount, project))}">${escapeXml(project)}</a><br>`),
  );

/** The files of one project, each linked with its digest. */
export const printSimpleProjectHtml = ({ name, files }: SimpleProject): string => page(`Links for ${name}`, files.map(link));

function link(file: SimpleFile): string {
  const { name, url, sha256, requiresPython, coreMetadata, yanked } = file;
  const metadata = coreMetadata && (coreMetadata.sha256 === undefined ? 'true' : `sha256=${coreMetadata.sha256}`);
  const attributes = {
    href: `${url}${sha256 === undefined ? '' : `#sha256=${sha256}`}`,
    'data-requires-python': requiresPython,
    'data-core-metadata': metadata,
    // The name that it had before PEP 714; pip before 23.2 knows no other.
    'data-dist-info-metadata': metadata,
    'data-yanked': yanked,
  };
  const written = Object.entries(attributes).map(([key, value]) => (value === undefined ? '' : ` ${key}="${escapeXml(value)}"`));
  return `<a${written.join('')}>${escapeXml(name)}</a><br>`;
}
