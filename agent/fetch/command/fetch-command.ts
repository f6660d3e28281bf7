import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { type Command, type OptionValues, type Terminal, UsageProblem } from '../../cli/command.ts';
import { type Report, terminalReport } from '../../report/report.ts';
import { tryFlock, writeOwner } from '../../update/host/flock.ts';
import { fetchArtefact, planFetch, rollBack } from '../fetch-artefact.ts';
import { FETCH_EXIT_CODES, type FetchOutcome } from '../fetch-outcome.ts';
import type { FetchWorld } from '../fetch-world.ts';
import { layoutOf } from '../install/layout.ts';
import { runHook } from '../install/run-hook.ts';
import { openHttp } from '../network/open-http.ts';
import { fetchStatus } from './fetch-status.ts';
import { destinationOf, hookSettings, keepOf, readSettings } from './read-settings.ts';

const PACE = {
  attempts: 6,
  mostAttempts: 60,
  firstMs: 500,
  longestMs: 30_000,
  longestAskedMs: 600_000,
  connectMs: 15_000,
  stallMs: 30_000,
};

/** The world as this process sees it. */
export const processWorld = (environment: Terminal['environment']): FetchWorld => ({
  disk: fs,
  syncFileSystem: (folder) => spawnSync('sync', ['-f', folder], { stdio: 'ignore' }).status === 0,
  open: openHttp,
  lock: ownedLock,
  run: (hook) => runHook({ ...hook, environment: { ...definedOnly(environment), ...hook.environment } }),
  sleep: (ms) => delay(ms),
  random: Math.random,
  nowMs: () => Date.now(),
  hostName: hostname(),
  pace: PACE,
});

const definedOnly = (environment: Terminal['environment']): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined));

function ownedLock(file: string): ReturnType<FetchWorld['lock']> {
  const lock = tryFlock(file);
  if (lock !== undefined) writeOwner(lock, { pid: process.pid, bootId: '', since: new Date().toISOString() });
  return lock;
}

/** `mirrortide fetch …`. `world` is the process's own unless a test gives another one. */
export const fetchCommand = (world: (environment: Terminal['environment']) => FetchWorld = processWorld): Command => ({
  summary: 'Downloads and installs an artefact when what is installed differs from what is published',
  details: [
    'fetch URL --dest DIR      brings DIR to what is published',
    'fetch --rollback --dest DIR   back to the release before, which then stays until another digest is published',
    'fetch status --dest DIR   what is installed',
    '',
    'Exit codes: 0 unchanged; 1 a fault of this host; 2 wrong usage; 3 changed; 4 verification failed; 5 no network, the',
    'installed release is kept; 6 another fetch has the lock; 7 the hook or the health check failed, and the release before',
    'is back, or the published digest was taken back earlier.',
  ],
  operands: '[URL | status]',
  options: {
    dest: { type: 'string', help: 'DIR  a link to the current release; releases are in DIR.d' },
    unpack: { type: 'boolean', help: 'the artefact is a tar archive, plain or compressed with gzip or zstd' },
    checksum: {
      type: 'string',
      help: 'URL|VALUE  a list of checksums, or a digest; otherwise what the artefact or a list beside it says',
    },
    'allow-weak': { type: 'boolean', help: 'accept MD5 and SHA-1' },
    splay: { type: 'string', help: 'TIME  wait up to so long, each host its own share, such as 10m' },
    hook: { type: 'string', help: 'COMMAND  run after DIR was switched, and again after it was switched back' },
    health: { type: 'string', help: 'COMMAND  run after the hook; when it fails, DIR is switched back' },
    'hook-limit': { type: 'string', help: 'TIME  of each of the two; 5m' },
    keep: { type: 'string', help: 'NUMBER  releases before the current one that stay; 2' },
    limit: { type: 'string', help: 'SIZE  of the artefact at most; 10G' },
    'limit-unpacked': { type: 'string', help: 'SIZE  of what an archive unpacks to at most; 20G' },
    'limit-entries': { type: 'string', help: 'NUMBER  of entries of an archive at most; 1000000' },
    'retry-bad': { type: 'boolean', help: 'install the published digest although it was taken back before' },
    rollback: { type: 'boolean', help: 'back to the release before' },
    'dry-run': { type: 'boolean', help: 'ask the publisher, say what would be done, and change nothing' },
    json: { type: 'boolean', help: 'write events as lines of JSON; the last one has the outcome' },
  },
  run: (options, terminal, operands) => runFetch(options, terminal, operands, world(terminal.environment)),
});

async function runFetch(
  options: OptionValues,
  terminal: Terminal,
  operands: readonly string[],
  world: FetchWorld,
): Promise<number> {
  const json = options['json'] === true;
  const [operand] = operands;
  if (operands.length > 1) throw new UsageProblem('one URL at a time');
  if (operand === 'status') return fetchStatus(destinationOf(options), json, terminal);
  const report = terminalReport({ ...terminal, columns: terminal.errColumns, json, nowMs: world.nowMs });
  return ended(await chosen(options, operand, world, report), report, json, terminal);
}

function chosen(options: OptionValues, address: string | undefined, world: FetchWorld, report: Report): Promise<FetchOutcome> {
  if (options['rollback'] === true) {
    if (address !== undefined || options['dry-run'] === true) throw new UsageProblem('--rollback stands alone with --dest');
    const layout = layoutOf(destinationOf(options));
    return rollBack({ world, layout, report, hooks: hookSettings(options), keep: keepOf(options) });
  }
  if (address === undefined) throw new UsageProblem('the URL is missing');
  const settings = readSettings(options, address);
  return options['dry-run'] === true ? planFetch(world, settings, report) : fetchArtefact(world, settings, report);
}

function ended(outcome: FetchOutcome, report: Report, json: boolean, terminal: Terminal): number {
  const exitCode = FETCH_EXIT_CODES[outcome.kind];
  report.end();
  if (json) terminal.out(`${JSON.stringify({ event: 'done', outcome: outcome.kind, message: outcome.message, exitCode })}\n`);
  else if (outcome.kind === 'unchanged' || outcome.kind === 'changed') terminal.out(`${outcome.kind}: ${outcome.message}\n`);
  else terminal.err(`mirrortide: ${outcome.message}\n`);
  return exitCode;
}
