import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeDecompress } from '#adapters/node/node-decompress.ts';
import { nodeDigester } from '#adapters/node/node-digester.ts';
import { chooseSimpleForm, SIMPLE_JSON } from '#domain/volume/python/choose-simple-form.ts';
import { type Distribution, simpleIndex } from '#domain/volume/python/simple-index.ts';
import { checkPythonPackages } from '#domain/volume/validate/python-packages.ts';
import { parseSimplePage } from '#wire/pypi/parse-simple-page.ts';
import { printSimpleIndexHtml, printSimpleProjectHtml } from '#wire/pypi/print-simple-html.ts';
import { printSimpleIndexJson, printSimpleProjectJson } from '#wire/pypi/print-simple-json.ts';
import { pythonDocuments } from '#wire/pypi/python-documents.ts';
import { pythonIndexPages } from '#wire/pypi/simple-pages.ts';
import { keptProject, shownProject } from '#wire/pypi/simple-place.ts';
import { buildWheel, type WheelPlan, wheelFileName } from '../../support/build-wheel.ts';
import { treeOfFiles } from '../../support/directory-tree.ts';
import { runProgram } from '../../support/run-program.ts';

const PORTS = { decompress: nodeDecompress, digester: nodeDigester };
const HASH = 'ab'.repeat(32);
const file = (name: string, project: string, more: Partial<Distribution> = {}): Distribution => ({
  path: `${project}/${name}`,
  name,
  project,
  version: '1.0',
  sha256: HASH,
  sizeBytes: 7,
  requiresPython: undefined,
  ...more,
});

/** As a client sees it that asked below the mount. */
const shown = (mount: string, name: string, files: readonly Distribution[]) =>
  shownProject(keptProject(name, files), mount, `simple/${name}/index.v1_json`, mount);

describe('pages of the Simple API', () => {
  it('are of projects in order, whose files are offered once', () => {
    const files = [
      file('b-1.0.zip', 'b'),
      file('a-2.0.zip', 'a'),
      file('a-1.0.zip', 'a'),
      file('a-1.0.zip', 'a', { path: 'copy/a-1.0.zip' }),
    ];
    expect([...simpleIndex(files)].map(([project, found]) => [project, found.map(({ path }) => path)])).toEqual([
      ['a', ['a/a-1.0.zip', 'a/a-2.0.zip']],
      ['b', ['b/b-1.0.zip']],
    ]);
  });

  it('are HTML with absolute links and digests', () => {
    const wheel = file('hat-1.0+cpu-py3-none-any.whl', 'hat', { requiresPython: '>=3.8, <4' });
    expect(printSimpleProjectHtml(shown('wheel/debian 12', 'hat', [wheel]))).toBe(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="pypi:repository-version" content="1.0">
<title>Links for hat</title>
</head>
<body>
<h1>Links for hat</h1>
<a href="/wheel/debian%2012/hat/hat-1.0%2Bcpu-py3-none-any.whl#sha256=${HASH}" data-requires-python="&gt;=3.8, &lt;4">hat-1.0+cpu-py3-none-any.whl</a><br>
</body>
</html>
`);
    expect(printSimpleIndexHtml('pypi', ['cap', 'hat'])).toContain(`<h1>Simple index</h1>
<a href="/pypi/simple/cap/">cap</a><br>
<a href="/pypi/simple/hat/">hat</a><br>
`);
  });

  it('are JSON without fields that are not known', () => {
    const files = [file('hat-1.0.tar.gz', 'hat'), file('hat-1.0-py3-none-any.whl', 'hat', { requiresPython: '>=3' })];
    expect(JSON.parse(printSimpleProjectJson(shown('pypi', 'hat', files)))).toEqual({
      meta: { 'api-version': '1.1' },
      name: 'hat',
      versions: ['1.0'],
      files: [
        { filename: 'hat-1.0.tar.gz', url: '/pypi/hat/hat-1.0.tar.gz', hashes: { sha256: HASH }, size: 7 },
        {
          filename: 'hat-1.0-py3-none-any.whl',
          url: '/pypi/hat/hat-1.0-py3-none-any.whl',
          hashes: { sha256: HASH },
          size: 7,
          'requires-python': '>=3',
        },
      ],
    });
    expect(JSON.parse(printSimpleIndexJson(['hat']))).toEqual({ meta: { 'api-version': '1.1' }, projects: [{ name: 'hat' }] });
  });

  it('have links that resolve in the release, by the reader that pages of others are held to', () => {
    const files = [file('hat-1.0+a&b.tar.gz', 'hat', { path: 'odd "folder"/ä%20/hat-1.0+a&b.tar.gz' })];
    const page = new Uint8Array(Buffer.from(printSimpleProjectHtml(shown('pypi', 'hat', files))));
    expect(parseSimplePage(page, 'pypi', 'simple/hat/index.html').map(({ path, sha256 }) => [path, sha256])).toEqual([
      ['odd "folder"/ä%20/hat-1.0+a&b.tar.gz', HASH],
    ]);
  });

  it('are good in the release that they are made from', async () => {
    const built = new Map([['hat/hat-1.0-py3-none-any.whl', await buildWheel({ project: 'hat', version: '1.0' })]]);
    const check = (files: ReadonlyMap<string, Uint8Array>) => {
      const tree = treeOfFiles(files);
      return checkPythonPackages(tree, pythonDocuments(tree, PORTS, 'pypi'));
    };
    const { distributions } = await check(built);
    const pages = [...pythonIndexPages(distributions)];
    expect(pages.map(({ path }) => path)).toEqual(['simple/index.v1_json', 'simple/hat/index.v1_json']);
    const whole = new Map([
      ...built,
      ...pages.map(({ path, text }): [string, Uint8Array] => [path, new Uint8Array(Buffer.from(text))]),
    ]);
    expect(await check(whole)).toEqual({ problems: [], distributions });
    whole.delete('hat/hat-1.0-py3-none-any.whl');
    expect((await check(whole)).problems).toEqual([
      {
        path: 'simple/hat/index.v1_json',
        message: 'links to ../../hat/hat-1.0-py3-none-any.whl, which is not in the release',
      },
    ]);
  });

  it('are kept without a mount, and lead to the files below the one that a client asked at', () => {
    const files = [file('hat-1.0+a&b.tar.gz', 'hat', { path: 'odd "folder"/ä%20/hat-1.0+a&b.tar.gz' })];
    const kept = keptProject('hat', files);
    const page = 'simple/hat/index.v1_json';
    expect(kept.files[0]?.url).toBe('../../odd%20%22folder%22/%C3%A4%2520/hat-1.0%2Ba%26b.tar.gz');
    expect(shownProject(kept, 'wheel/here', page, 'wheel/here@12').files[0]?.url).toBe(
      '/wheel/here@12/odd%20%22folder%22/%C3%A4%2520/hat-1.0%2Ba%26b.tar.gz',
    );
    const elsewhere = { ...kept, files: kept.files.map((one) => ({ ...one, url: 'https://files.example/hat.whl' })) };
    expect(shownProject(elsewhere, 'pypi', page, 'pypi')).toEqual(elsewhere);
  });

  it.each([
    ['JSON', SIMPLE_JSON],
    ['HTML', 'text/html'],
  ])('are what a real pip installs from, in %s', async (_, form) => {
    const plans: readonly WheelPlan[] = [
      { project: 'red_hat', version: '1.0', requiresPython: '>=3.8' },
      { project: 'red_hat', version: '2.0', requiresPython: '>=99' },
      { project: 'red_hat', version: '1.0.post1+local', requiresPython: '>=3.8' },
    ];
    const built = new Map<string, Uint8Array>();
    for (const plan of plans) built.set(`red-hat/${wheelFileName(plan)}`, await buildWheel(plan));
    const tree = treeOfFiles(built);
    const { problems, distributions } = await checkPythonPackages(tree, pythonDocuments(tree, PORTS, 'pypi'));
    expect(problems).toEqual([]);
    const index = simpleIndex(distributions);
    const asked: string[] = [];
    const server = createServer((request, response) => {
      const path = decodeURIComponent(request.url ?? '');
      const [, project = ''] = /^\/pypi\/simple\/([^/]+)\/$/.exec(path) ?? [];
      const files = index.get(project);
      const wheel = built.get(path.slice('/pypi/'.length));
      if (files !== undefined) {
        const wanted = chooseSimpleForm(request.headers.accept);
        asked.push(`${project} ${wanted}`);
        const print = form === SIMPLE_JSON ? printSimpleProjectJson : printSimpleProjectHtml;
        response.writeHead(200, { 'content-type': form }).end(print(shown('pypi', project, files)));
      } else if (wheel !== undefined) response.end(wheel);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const folder = await mkdtemp(join(tmpdir(), 'mirrortide-pip-'));
    try {
      const { port } = server.address() as AddressInfo;
      const args = ['-m', 'pip', '--isolated', '--disable-pip-version-check', 'install', '--no-cache-dir', '--target', folder];
      const source = ['--index-url', `http://127.0.0.1:${port}/pypi/simple/`, 'Red.Hat'];
      const result = await runProgram('python3', [...args, ...source]);
      expect([result.exitCode, result.stderr.replace(/^WARNING.*\n/gm, '')]).toEqual([0, '']);
      // 2.0 is for a Python that does not exist yet, which pip knows from the page.
      expect((await readdir(folder)).toSorted()).toEqual(['red_hat', 'red_hat-1.0.post1+local.dist-info']);
      expect(asked).toEqual([`red-hat ${SIMPLE_JSON}`]);
    } finally {
      server.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
