// Run as a process of its own: node measure-load.ts packed|json FILE. Prints what opening the file cost this process.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { answerRequest } from '#domain/answer/answer-request.ts';
import { repositoryRequest } from '#domain/answer/request.ts';
import { UNKNOWN_CLIENT } from '#domain/selection/client.ts';
import { openSnapshot } from '#wire/snapshot/open-snapshot.ts';

const [kind = 'packed', file = ''] = process.argv.slice(2);
const MIB = 2 ** 20;

const emptyRss = process.memoryUsage.rss();
const started = performance.now();
const bytes = readFileSync(file);
const name = createHash('sha256').update(bytes).digest('hex');
const opened = kind === 'packed' ? openSnapshot(bytes) : (JSON.parse(bytes.toString()) as unknown);
const loadMs = performance.now() - started;

if (kind === 'packed') {
  const view = opened as ReturnType<typeof openSnapshot>;
  const pointer = { name, sequence: 1, publishedMs: 0, sizeBytes: bytes.length };
  // Every repository once: what a process holds after it has answered everything.
  for (let index = 0; index < view.counts.repositories; index += 1) {
    const { repo, arch } = view.repositoryAt(index);
    answerRequest(view, pointer, repositoryRequest('metalink', repo, arch), UNKNOWN_CLIENT);
  }
}
const rssMiB = (process.memoryUsage.rss() - emptyRss) / MIB;
process.stdout.write(`${JSON.stringify({ loadMs, rssMiB, held: opened !== undefined })}\n`);
