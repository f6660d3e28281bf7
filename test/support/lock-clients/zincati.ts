import { createHmac } from 'node:crypto';
import { type ClientAnswer, send } from './client-http.ts';
import { type HostRecord, type HostSetup, sleepSeconds } from './simulated-host.ts';

/** Of libsystemd's application-specific machine identifiers. */
const APPLICATION_ID = 'de35106b6ec24688b63afddaa156679b';

/** 32 hexadecimal digits of a version 4 UUID, made of the machine's identifier. */
export const nodeUuid = (machineId: string): string => {
  const bytes = createHmac('sha256', Buffer.from(machineId, 'hex'))
    .update(Buffer.from(APPLICATION_ID, 'hex'))
    .digest()
    .subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex');
};

const POLL_SECONDS = 300;
const JITTER_SHARE = 0.1;
const TIMEOUT_MS = 30 * 60_000;

/** As reqwest sends a body that is a plain string: without a content type. The JSON is serde's pretty print. */
const post = (setup: HostSetup, call: string): Promise<ClientAnswer> =>
  send({
    method: 'POST',
    url: `${setup.server}/v1/${call}`,
    headers: { 'fleet-lock-protocol': 'true', accept: '*/*' },
    body: JSON.stringify({ client_params: { id: setup.name, group: setup.lock } }, undefined, 2),
    address: setup.address,
    timeoutMs: TIMEOUT_MS,
  });

/** Any 2xx is a yes; everything else, also no answer at all, is asked again after some five minutes. */
const untilYes = async (setup: HostSetup, record: HostRecord, call: string): Promise<void> => {
  for (;;) {
    const answer = await post(setup, call).catch((error: unknown) => ({ status: 0, text: String(error) }));
    if (answer.status >= 200 && answer.status < 300) return;
    record.reasons.push(`${call}: ${answer.status} ${answer.text.trim()}`);
    await sleepSeconds(setup, POLL_SECONDS * (1 + JITTER_SHARE * setup.random()));
  }
};

/** Zincati's agent over one update: steady, staged, finalized, rebooted, steady. `lock` is its reboot group. */
export const zincati = async (setup: HostSetup): Promise<HostRecord> => {
  const record: HostRecord = { name: setup.name, exits: [], reasons: [] };
  await untilYes(setup, record, 'steady-state');
  await untilYes(setup, record, 'pre-reboot');
  setup.section.enter(setup.name);
  await sleepSeconds(setup, setup.updateSeconds);
  // The agent that starts after the reboot reports first of all.
  setup.section.leave(setup.name);
  await untilYes(setup, record, 'steady-state');
  record.exits.push(0);
  return record;
};
