import { type ClientAnswer, send } from './client-http.ts';
import {
  ClientExit,
  type HostRecord,
  type HostSetup,
  parsed,
  runUntilUpdated,
  type StateFile,
  sleepSeconds,
} from './simulated-host.ts';
import { updaterRun } from './updater-workflow.ts';

export interface DlmEngineOptions {
  readonly version: '1.0.2' | '0.3.0';
  readonly secretId: string;
  readonly secret: string;
  readonly wait: boolean;
}

const TIMEOUT_MS = 10_000;
const WAIT_MAX_SECONDS = 3_600;

/** Where a version sends its lock calls, and how it wraps what it says. */
interface Dialect {
  readonly url: string;
  readonly wrapped: boolean;
}

interface Session {
  ask(method: string, url: string, json?: unknown): Promise<ClientAnswer>;
}

const session = (setup: HostSetup, options: DlmEngineOptions): Session => {
  const old: Readonly<Record<string, string>> = options.version === '0.3.0' ? { 'x-id': options.secretId } : {};
  const headers = {
    Accept: '*/*',
    'Accept-Encoding': 'gzip, deflate',
    Connection: 'keep-alive',
    'User-Agent': 'python-httpx/0.28.1',
    ...old,
    'x-secret-id': options.secretId,
    'x-secret': options.secret,
  };
  return {
    ask: (method, url, json) => {
      const typed = json === undefined ? headers : { ...headers, 'Content-Type': 'application/json' };
      const body = json === undefined ? undefined : JSON.stringify(json);
      return send({ method, url, headers: typed, body, address: setup.address, timeoutMs: TIMEOUT_MS });
    },
  };
};

/** A connection that fails outside of the `try` is a traceback and the end of the run. */
const uncaught = async <Result>(work: Promise<Result>): Promise<Result> => {
  try {
    return await work;
  } catch (cause) {
    throw new ClientExit(1, `httpx.ConnectError: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
};

/** 0.3.0 asks once a run which versions there are; 404 is version 1, else the highest counts. 1.0.2 is configured with its prefix. */
const probe = async (setup: HostSetup, options: DlmEngineOptions, { ask }: Session): Promise<Dialect> => {
  const endpoint = `${setup.server}/dlmengine`;
  if (options.version === '1.0.2') return { url: `${endpoint}/api/v2/locks/${setup.lock}`, wrapped: false };
  const answer = await uncaught(ask('GET', `${endpoint}/versions`));
  const { versions } =
    answer.status === 404 ? { versions: [{ version: '1' }] } : (parsed(answer.text) as { versions: { version: string }[] });
  const highest = versions.map(({ version }) => version).reduce((best, one) => (one > best ? one : best));
  if (highest === '1') return { url: `${endpoint}/api/v1/locks/${setup.lock}`, wrapped: true };
  return { url: `${endpoint}/api/v2/orgs/DLMUpdater/locks/${setup.lock}`, wrapped: false };
};

const tryToAcquire = async (setup: HostSetup, { ask }: Session, { url, wrapped }: Dialect): Promise<boolean> => {
  // Before anything else, and outside of the try: is it ours already?
  const seen = await uncaught(ask('GET', url));
  if (seen.status === 200) {
    const json = parsed(seen.text) as { data: { acquired_by: string }; acquired_by: string };
    if ((wrapped ? json.data.acquired_by : json.acquired_by) === setup.name) return true;
  }
  const payload = { acquired_by: setup.name };
  try {
    const { status, text } = await ask('POST', url, wrapped ? { data: payload } : payload);
    parsed(text);
    return status === 201;
  } catch (error) {
    if (error instanceof ClientExit) throw error;
    return false;
  }
};

const acquire = async (setup: HostSetup, options: DlmEngineOptions, http: Session): Promise<void> => {
  const dialect = await probe(setup, options, http);
  let waitedSeconds = 0;
  while (!(await tryToAcquire(setup, http, dialect))) {
    if (!options.wait || waitedSeconds > WAIT_MAX_SECONDS) throw new ClientExit(1, 'quiting');
    const seconds = 10 + Math.floor(setup.random() * 51);
    waitedSeconds += seconds + 2;
    await sleepSeconds(setup, seconds);
  }
};

/** Ten tries when the connection fails; any answer but 200 ends the run, and the next one begins here again. */
const release = async (setup: HostSetup, options: DlmEngineOptions, http: Session): Promise<void> => {
  const { url, wrapped } = await probe(setup, options, http);
  for (let retries = 10; retries > 0; retries -= 1) {
    try {
      const { status, text } = await http.ask('DELETE', url, wrapped ? { data: { acquired_by: setup.name } } : undefined);
      parsed(text);
      if (status === 200) return;
      throw new ClientExit(1, `could not release lock: ${status} ${text}`);
    } catch (error) {
      if (error instanceof ClientExit) throw error;
      await sleepSeconds(setup, 5);
    }
  }
  throw new ClientExit(1, 'could not release lock');
};

/** DLMEngineUpdater 1.0.2, or 0.3.0, which finds out what the server speaks. */
export const dlmEngineUpdater = (setup: HostSetup, options: DlmEngineOptions): Promise<HostRecord> => {
  const state: StateFile = { task: undefined };
  const updates = { available: true };
  const http = session(setup, options);
  const run = updaterRun(setup, state, updates, {
    acquire: () => acquire(setup, options, http),
    release: () => release(setup, options, http),
  });
  return runUntilUpdated(setup, run, () => !updates.available, 30);
};
