// Check-ins: how long from one to the changed answer of a metalink, on the real `npm start` that plans and publishes every 60 s; and what a
// report of 25,000 directories costs on the emulators, beside MirrorManager2's one row per directory.
import { parseArgs } from 'node:util';
import { measureCheckIns } from './check-in/measured-check-ins.ts';
import { packedReport } from './check-in/packed-report.ts';
import { DIRECTORIES, PRIVATE_HOST, PUBLIC_HOST, startRunningNetwork } from './check-in/running-network.ts';

const { values: flags } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const MANAGER_DIRECTORIES = 25_000;
const WITHIN_MS = 60_000;

const post = async (url: string, body: string, headers: Record<string, string>): Promise<string> => {
  const response = await fetch(url, { method: 'POST', headers, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return text;
};

const measureLatency = async () => {
  const network = await startRunningNetwork();
  try {
    const report = await packedReport(PRIVATE_HOST, await network.token(PRIVATE_HOST), DIRECTORIES);
    const reported = performance.now();
    const said = await post(`${network.url}/xmlrpc`, report, { 'content-type': 'text/xml' });
    if (!said.includes('checked in successful')) throw new Error(said);
    await network.until(({ listsPrivate }) => listsPrivate, WITHIN_MS);
    const reportMirrorMs = performance.now() - reported;

    const authorization = `Bearer ${await network.token(PUBLIC_HOST)}`;
    await network.masterMovesOn();
    await network.publicMirrorSyncs();
    const head = await network.masterHead();
    const body = JSON.stringify({ categories: [{ id: 'linux' }] });
    const checkedIn = performance.now();
    await post(`${network.url}/api/v1/checkins`, body, { 'content-type': 'application/json', authorization });
    await network.until((answer) => answer.head === head, WITHIN_MS);
    return { reportMirrorMs, checkInMs: performance.now() - checkedIn };
  } finally {
    await network.stop();
  }
};

const latency = await measureLatency();
const measured = await measureCheckIns(MANAGER_DIRECTORIES);
const figures = {
  reportMirrorToAnswerMs: latency.reportMirrorMs,
  checkInToAnswerMs: latency.checkInMs,
  publicationIntervalMs: WITHIN_MS,
  checkInsPerSecond: measured.perSecond,
  checkInP50Ms: measured.p50Ms,
  writeUnitsPerCheckIn: measured.writeUnits,
  readUnitsPerCheckIn: measured.readUnits,
  reportBytes: measured.reportBytes,
  rowPerDirectoryCheckInsPerSecond: measured.rowsPerSecond,
  rowPerDirectoryWriteUnits: measured.rowWriteUnits,
};
const printed = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Number(value.toPrecision(4))]));
if (flags.json) console.log(JSON.stringify(printed));
else for (const [name, value] of Object.entries(printed)) console.log(`${name.padEnd(36)} ${value}`);
