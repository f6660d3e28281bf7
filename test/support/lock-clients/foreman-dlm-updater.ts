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

/** As `requests` sends it: a PUT and a DELETE without a body both say `Content-Length: 0`, and nothing names the host. */
const HEADERS = {
  'User-Agent': 'python-requests/2.34.2',
  'Accept-Encoding': 'gzip, deflate',
  Accept: '*/*',
  Connection: 'keep-alive',
  'Content-Type': 'application/json',
  'Content-Length': '0',
};

/** A body is parsed before the status is looked at; no time limit; a connection that fails is a traceback. */
const ask = async (setup: HostSetup, method: string): Promise<ClientAnswer & { readonly json: unknown }> => {
  const url = `${setup.server}/api/dlmlocks/${setup.lock}/lock`;
  const answer = await send({ method, url, headers: HEADERS, address: setup.address, timeoutMs: undefined }).catch(
    (cause: unknown) => {
      throw new ClientExit(1, `requests.exceptions.ConnectionError: ${cause instanceof Error ? cause.message : cause}`, cause);
    },
  );
  return { ...answer, json: parsed(answer.text) };
};

/** foreman_dlm_updater 0.0.2. */
export const foremanDlmUpdater = (setup: HostSetup): Promise<HostRecord> => {
  const state: StateFile = { task: undefined };
  const updates = { available: true };
  const run = updaterRun(setup, state, updates, {
    acquire: async () => {
      for (;;) {
        const { status, text } = await ask(setup, 'PUT');
        if (status === 200) return;
        if (status !== 412) throw new ClientExit(1, `could not acquire lock: ${status} ${text}`);
        await sleepSeconds(setup, 60);
      }
    },
    release: async () => {
      const { status, text } = await ask(setup, 'DELETE');
      if (status !== 200) throw new ClientExit(1, `could not release lock: ${status} ${text}`);
    },
  });
  return runUntilUpdated(setup, run, () => !updates.available, 30);
};
