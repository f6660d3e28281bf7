import { escapeXml } from '#domain/metalink/xml-text.ts';
import type { Distribution } from '#domain/volume/python/simple-index.ts';
import { filePlace, projectPlace } from './simple-place.ts';

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
export const printSimpleProjectHtml = (mount: string, project: string, files: readonly Distribution[]): string =>
  page(
    `Links for ${project}`,
    files.map((file) => link(mount, file)),
  );

function link(mount: string, { path, name, sha256, requiresPython }: Distribution): string {
  const requires = requiresPython === undefined ? '' : ` data-requires-python="${escapeXml(requiresPython)}"`;
  return `<a href="${escapeXml(filePlace(mount, path))}#sha256=${sha256}"${requires}>${escapeXml(name)}</a><br>`;
}
