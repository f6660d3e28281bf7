import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
let copy: string;

/** One violation per rule of .dependency-cruiser.mjs: file to write, what it says, and the rules that must report it. */
const violations: Record<string, Record<string, string>> = {
  'no-cycles': {
    'shared/ports/a.ts': "import type { B } from './b.ts';\nexport type A = B;",
    'shared/ports/b.ts': "import type { A } from './a.ts';\nexport type B = A;",
  },
  'domain-is-pure': { 'shared/domain/x.ts': "import { parse } from 'valibot';\nexport const x = parse;" },
  'wire-and-ports-see-only-domain': {
    'shared/wire/x.ts': "import { readFile } from 'node:fs/promises';\nexport const x = readFile;",
  },
  'adapters-do-not-know-stages': {
    'functions/some-stage/some-stage.ts': 'export const story = 1;',
    'shared/adapters/net/x.ts': "import { story } from '../../../functions/some-stage/some-stage.ts';\nexport const x = story;",
  },
  'sdk-only-in-aws-adapters': {
    'shared/adapters/net/x.ts': "import { S3Client } from '@aws-sdk/client-s3';\nexport const x = S3Client;",
  },
  'event-shapes-only-at-the-edge': {
    'shared/ports/x.ts': "import type { SQSEvent } from 'aws-lambda';\nexport type X = SQSEvent;",
  },
  'cdk-only-in-infra': { 'local/x.ts': "import { Stack } from 'aws-cdk-lib';\nexport const x = Stack;" },
  'infra-does-not-run-functions': {
    'functions/some-stage/some-stage.ts': 'export const story = 1;',
    'infra/x.ts': "import { story } from '../functions/some-stage/some-stage.ts';\nexport const x = story;",
  },
  'stages-do-not-import-stages': {
    'functions/some-stage/some-stage.ts': 'export const story = 1;',
    'functions/other-stage/other-stage.ts': "import { story } from '../some-stage/some-stage.ts';\nexport const other = story;",
  },
  'stories-see-no-adapters': {
    'shared/adapters/net/x.ts': 'export const x = 1;',
    'functions/some-stage/some-stage.ts': "import { x } from '#adapters/net/x.ts';\nexport const story = x;",
  },
  'agent-stands-alone': {
    'shared/adapters/net/x.ts': 'export const x = 1;',
    'agent/x.ts': "import { x } from '#adapters/net/x.ts';\nimport { parse } from 'yaml';\nexport const y = [x, parse];",
  },
  'nobody-imports-a-handler': {
    'functions/some-stage/handler.ts': 'export const handler = 1;',
    'local/x.ts': "import { handler } from '../functions/some-stage/handler.ts';\nexport const x = handler;",
  },
};

const cruise = async (): Promise<string[]> => {
  const bin = join(root, 'node_modules/.bin/depcruise');
  const { stdout } = await run(bin, ['shared', 'functions', 'infra', 'local', 'agent', '-T', 'json'], {
    cwd: copy,
    maxBuffer: 1 << 26,
  }).catch((error: { stdout: string }) => error);
  const report = JSON.parse(stdout) as { summary: { violations: { rule: { name: string } }[] } };
  return [...new Set(report.summary.violations.map((violation) => violation.rule.name))];
};

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'mirrortide-architecture-'));
  for (const file of ['.dependency-cruiser.mjs', 'tsconfig.json', 'package.json']) await cp(join(root, file), join(copy, file));
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
});

afterAll(() => rm(copy, { recursive: true, force: true }));

describe('the direction of dependencies', () => {
  it('has a violation here for every rule', async () => {
    const config = (await import(join(root, '.dependency-cruiser.mjs'))) as { default: { forbidden: { name: string }[] } };
    expect(config.default.forbidden.map((rule) => rule.name).toSorted()).toEqual(Object.keys(violations).toSorted());
  });

  it.each(Object.entries(violations))('%s bites', { timeout: 60_000 }, async (rule, files) => {
    for (const folder of ['shared', 'functions', 'infra', 'local', 'agent']) {
      await rm(join(copy, folder), { recursive: true, force: true });
      await mkdir(join(copy, folder), { recursive: true });
    }
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(copy, path)), { recursive: true });
      await writeFile(join(copy, path), text);
    }
    expect(await cruise()).toContain(rule);
  });
});

describe('the stages', () => {
  it('are the rows of functions/README.md, with the same files each', async () => {
    const folders = (await readdir(join(root, 'functions'), { withFileTypes: true }))
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
    const readme = await readFile(join(root, 'functions/README.md'), 'utf8');
    const rows = [...readme.matchAll(/^\| `([a-z-]+)` \|/gm)].map((match) => match[1]);
    expect(rows.toSorted()).toEqual(folders.toSorted());
    for (const folder of folders.filter((name) => name !== 'edge')) {
      const files = await readdir(join(root, 'functions', folder));
      expect(files).toEqual(expect.arrayContaining(['handler.ts', `${folder}.ts`, 'config.ts']));
    }
  });

  it('have handlers that only wire, in forty lines at most', async () => {
    const folders = (await readdir(join(root, 'functions'), { withFileTypes: true })).filter(
      (entry) => entry.isDirectory() && entry.name !== 'edge',
    );
    for (const { name } of folders) {
      const text = await readFile(join(root, 'functions', name, 'handler.ts'), 'utf8');
      expect(text.trimEnd().split('\n').length, name).toBeLessThanOrEqual(40);
    }
  });
});

describe('the documents', () => {
  it('link only to files that are there', { timeout: 30_000 }, async () => {
    const pages = ['README.md', 'CONTRIBUTING.md', 'functions/README.md'];
    for (const entry of await readdir(join(root, 'docs'), { recursive: true }))
      if (entry.endsWith('.md')) pages.push(join('docs', entry));
    const missing: string[] = [];
    for (const page of pages) {
      const text = await readFile(join(root, page), 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const path = join(root, dirname(page), target);
        if ((await readFile(path).catch(() => readdir(path).catch(() => undefined))) === undefined)
          missing.push(`${page} → ${target}`);
      }
    }
    expect(missing).toEqual([]);
  });
});
