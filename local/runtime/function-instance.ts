import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { InstanceReply, InstanceSettings } from './function-messages.ts';

export interface FunctionDefinition {
  readonly name: string;
  readonly bundleFile: string;
  /** The whole environment of the function; nothing of the runtime's own is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Most instances at a time. */
  readonly concurrency: number;
}

/** The function threw, crashed, ran out of its time, or could not be loaded. */
export class FunctionFailure extends Error {
  override readonly name = 'FunctionFailure';
}

/** One instance: takes one event at a time; after a crash or a time-out it is dead for good. */
export interface FunctionInstance {
  readonly alive: () => boolean;
  invoke(event: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

interface Waiting {
  readonly id: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export function functionInstance(definition: FunctionDefinition, onLine: (line: string) => void): FunctionInstance {
  const settings: InstanceSettings = {
    name: definition.name,
    bundleUrl: pathToFileURL(definition.bundleFile).href,
    timeoutMs: definition.timeoutMs,
  };
  const worker = new Worker(new URL('./function-worker.ts', import.meta.url), {
    name: definition.name,
    workerData: settings,
    env: { ...definition.env },
    stdout: true,
    stderr: true,
  });
  let alive = true;
  let waiting: Waiting | undefined;
  forEachLine(worker.stdout, onLine);
  forEachLine(worker.stderr, onLine);

  function die(reason: string, cause?: unknown): void {
    alive = false;
    waiting?.reject(new FunctionFailure(`${definition.name} ${reason}`, { cause }));
    waiting = undefined;
  }
  worker.on('error', (error) => die(`crashed: ${error instanceof Error ? error.message : String(error)}`, error));
  worker.on('exit', (code) => die(`ended with code ${code}`));
  worker.on('message', (reply: InstanceReply) => {
    if (waiting === undefined || reply.id !== waiting.id) return;
    const { resolve, reject } = waiting;
    waiting = undefined;
    if (reply.kind === 'result') resolve(reply.result);
    if (reply.kind === 'error') reject(new FunctionFailure(`${definition.name}: ${reply.name}: ${reply.message}`));
  });

  return {
    alive: () => alive,
    async invoke(event) {
      if (!alive) throw new FunctionFailure(`${definition.name} is not running`);
      const id = randomUUID();
      const timer = setTimeout(() => {
        die(`was stopped after ${definition.timeoutMs} ms, its time limit`);
        void worker.terminate();
      }, definition.timeoutMs);
      try {
        return await new Promise<unknown>((resolve, reject) => {
          waiting = { id, resolve, reject };
          worker.postMessage({ id, event });
        });
      } finally {
        clearTimeout(timer);
      }
    },
    async stop() {
      die('was stopped');
      await worker.terminate();
    },
  };
}

function forEachLine(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onLine(line);
  });
}
