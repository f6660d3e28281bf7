// Answers from a generated network at Fedora's scale: CPU per answer for several clients, load time and memory of a fresh process,
// and the same metalink by a straightforward implementation (see network/linear-answer.ts) as the baseline of the same run.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { answerRequest } from '#domain/answer/answer-request.ts';
import { type ListRequest, repositoryRequest } from '#domain/answer/request.ts';
import { type Client, UNKNOWN_CLIENT, VARIANTS } from '#domain/selection/client.ts';
import type { SnapshotDocument, SnapshotPointer } from '#domain/snapshot/document.ts';
import type { SnapshotView } from '#domain/snapshot/view.ts';
import { parseAnswerQuery } from '#wire/answer-query.ts';
import { openSnapshot } from '#wire/snapshot/open-snapshot.ts';
import { printSnapshot } from '#wire/snapshot/print-snapshot.ts';
import { generateNetwork } from './network/generate-network.ts';
import { linearMetalink } from './network/linear-answer.ts';
import { seededRandom } from './network/random.ts';

const { values: flags } = parseArgs({
  options: { json: { type: 'boolean', default: false }, answers: { type: 'string', default: '4000' } },
});
const ANSWERS = Number(flags.answers);
const BASELINE_ANSWERS = 200;
const WARM_UP = 800;
const WANTED_URLS = 183;
const MEASURE_LOAD = fileURLToPath(new URL('network/measure-load.ts', import.meta.url));

const client = (country: string | undefined): Client => ({ ...UNKNOWN_CLIENT, country });
const arch = 'x86_64';

interface Figures {
  readonly cpuMsP50: number;
  readonly cpuMsP99: number;
  readonly perSecond: number;
  readonly bodyBytes: number;
}

/** CPU time of the whole process, garbage collection included, one answer at a time, the body as the bytes that go out. */
const measure = (count: number, warmUp: number, answer: (round: number) => string): Figures => {
  for (let round = 0; round < warmUp; round += 1) Buffer.from(answer(round));
  const samples = new Float64Array(count);
  let bodyBytes = 0;
  const started = performance.now();
  for (let round = 0; round < count; round += 1) {
    const before = process.cpuUsage();
    bodyBytes = Buffer.from(answer(round)).length;
    const used = process.cpuUsage(before);
    samples[round] = (used.user + used.system) / 1000;
  }
  const perSecond = count / ((performance.now() - started) / 1000);
  samples.sort();
  const at = (share: number): number => samples[Math.min(count - 1, Math.floor(count * share))] ?? 0;
  return { cpuMsP50: at(0.5), cpuMsP99: at(0.99), perSecond, bodyBytes };
};

const countUrls = (body: string): number => body.split('<url ').length - 1;

/** The repository and policy whose list for a European client has exactly as many URLs as the published measurement of the peer. */
const withWantedUrls = (view: SnapshotView, pointer: SnapshotPointer): { readonly view: SnapshotView; readonly repo: string } => {
  for (const repo of view.repositoryNames().filter((name) => view.repository(name, arch) !== undefined)) {
    for (let maximumHosts = 40; maximumHosts < 120; maximumHosts += 1) {
      const candidate = { ...view, settings: { ...view.settings, maximumHosts } };
      const urls = countUrls(answerRequest(candidate, pointer, repositoryRequest('metalink', repo, arch), client('DE')).body);
      if (urls === WANTED_URLS) return { view: candidate, repo };
      if (urls > WANTED_URLS) break;
    }
  }
  throw new Error(`no repository and policy give ${WANTED_URLS} URLs`);
};

const load = (kind: 'packed' | 'json', file: string): { readonly loadMs: number; readonly rssMiB: number } =>
  JSON.parse(execFileSync(process.execPath, [MEASURE_LOAD, kind, file], { encoding: 'utf8' }));

interface Scenario {
  readonly title: string;
  readonly request: ListRequest;
  readonly client: Client;
}

const scenarios = (repo: string, directory: string): Scenario[] => {
  const metalink = repositoryRequest('metalink', repo, arch);
  const file = { kind: 'path', path: `${directory}/Packages/a/some-package-1.0-1.noarch.rpm` } as const;
  return [
    { title: 'metalink, client in Europe', request: metalink, client: client('DE') },
    { title: 'metalink, client in the US', request: metalink, client: client('US') },
    { title: 'metalink, country unknown (global)', request: metalink, client: client(undefined) },
    { title: 'mirrorlist, client in Europe', request: repositoryRequest('mirrorlist', repo, arch), client: client('DE') },
    {
      title: 'redirect of a path',
      request: { ...repositoryRequest('mirrorlist', '', ''), target: file, redirect: true },
      client: client('DE'),
    },
    { title: 'unknown repository', request: repositoryRequest('metalink', 'fedroa-42', arch), client: client('DE') },
    { title: 'explain', request: repositoryRequest('explain', repo, arch), client: client('DE') },
  ];
};

const baseline = (document: SnapshotDocument, repo: string, maximumHosts: number): Figures => {
  const network = { ...document, settings: { ...document.settings, maximumHosts } };
  const random = seededRandom(7);
  const linearClient = { address: '9.1.2.3', country: 'DE' };
  return measure(BASELINE_ANSWERS, 20, () => linearMetalink(network, repo, arch, linearClient, random) ?? '');
};

const main = (): void => {
  const document = generateNetwork();
  const printing = performance.now();
  const bytes = printSnapshot(document);
  const printMs = performance.now() - printing;
  const pointer = {
    name: createHash('sha256').update(bytes).digest('hex'),
    sequence: 1,
    publishedMs: Date.UTC(2026, 10, 21),
    sizeBytes: bytes.length,
  };
  const { view, repo } = withWantedUrls(openSnapshot(bytes), pointer);
  const directory = view.repository(repo, arch)?.directory ?? '';
  const table = scenarios(repo, directory).map((scenario) => ({
    ...scenario,
    figures: measure(
      ANSWERS,
      WARM_UP,
      (round) => answerRequest(view, pointer, scenario.request, { ...scenario.client, variant: round % VARIANTS }).body,
    ),
    status: answerRequest(view, pointer, scenario.request, scenario.client).status,
  }));
  const parse = measure(ANSWERS, WARM_UP, () =>
    JSON.stringify(parseAnswerQuery('/metalink', `repo=${repo}&arch=${arch}&countme=1&protocol=https`)),
  );
  const folder = mkdtempSync(join(tmpdir(), 'mirrortide-bench-answer-'));
  try {
    writeFileSync(join(folder, 'snapshot'), bytes);
    writeFileSync(join(folder, 'document.json'), JSON.stringify(document));
    const packed = load('packed', join(folder, 'snapshot'));
    const json = load('json', join(folder, 'document.json'));
    const first = table[0]?.figures;
    const urls = countUrls(answerRequest(view, pointer, repositoryRequest('metalink', repo, arch), client('DE')).body);
    const linear = baseline(document, repo, view.settings.maximumHosts);
    const figures = {
      cpuMsP50: first?.cpuMsP50,
      cpuMsP99: first?.cpuMsP99,
      perSecond: Math.round(first?.perSecond ?? 0),
      loadMs: packed.loadMs,
      rssMiB: packed.rssMiB,
      urls,
      sizeBytes: bytes.length,
      printMs,
      parseQueryCpuMsP50: parse.cpuMsP50,
      baselineCpuMsP50: linear.cpuMsP50,
      baselineCpuMsP99: linear.cpuMsP99,
      baselineLoadMs: json.loadMs,
      baselineRssMiB: json.rssMiB,
    };
    if (flags.json) console.log(JSON.stringify(figures));
    else {
      console.log(
        `${document.hosts.length} hosts, ${document.directories.length} directories, ${document.repositories.length} repositories`,
      );
      console.table(
        Object.fromEntries(
          [...table, { title: 'baseline: linear metalink, Europe', figures: linear, status: 200 }].map(
            ({ title, figures: row, status }) => [
              title,
              {
                status,
                'CPU ms p50': Number(row.cpuMsP50.toFixed(3)),
                'CPU ms p99': Number(row.cpuMsP99.toFixed(3)),
                'per second': Math.round(row.perSecond),
                'body bytes': row.bodyBytes,
              },
            ],
          ),
        ),
      );
      console.log(figures);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
};

main();
