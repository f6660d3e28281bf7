import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoLockStore } from '#adapters/aws/dynamo-lock-store.ts';
import type { LockState } from '#domain/lock/lock-state.ts';
import { runCommandLine } from '../../agent/cli/run-command-line.ts';
import { updateFamily } from '../../agent/update/update-family.ts';
import { lockOperations } from '../../functions/lock-api/lock-operations.ts';
import { useEmulators } from '../support/emulators.ts';
import { createLockTable, lockDeps } from '../support/lock-setup.ts';
import { type MirrortideProcess, startMirrortide } from '../support/mirrortide-process.ts';
import { runProgram } from '../support/run-program.ts';
import { until } from '../support/until.ts';

/** What the runbook tells an operator to type about locks, typed: taken from the page, with its words in capitals filled in. */
const pageOf = (name: string): Promise<string> => readFile(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), 'utf8');
const LOCK = 'update';
const [FAILED, WAITING] = ['failed.example.org', 'waiting.example.org'];

const fillIn = (text: string, words: Readonly<Record<string, string>>): string =>
  Object.entries(words).reduce((filled, [word, value]) => filled.replaceAll(new RegExp(`\\b${word}\\b`, 'g'), value), text);

const bash = async (script: string, env: Readonly<Record<string, string>> = {}): Promise<string> => {
  const ran = await runProgram('bash', ['-c', `set -euo pipefail\n${script}`], { env });
  if (ran.exitCode !== 0) throw new Error(`${script}\nended with ${ran.exitCode}: ${ran.stderr}`);
  return ran.stdout;
};

let runbook: string;
beforeAll(async () => {
  runbook = await pageOf('RUNBOOK.md');
});
const section = (title: string): string => runbook.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? '';
const blocks = (text: string): readonly string[] => [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block);
const inline = (text: string): readonly string[] => [...text.matchAll(/`(api [^`]+)`/g)].map(([, command = '']) => command);

describe('the commands for the HTTP API', () => {
  let tide: MirrortideProcess;
  beforeAll(async () => {
    tide = await startMirrortide(['--port', '0', '--pace', '60']);
  });
  afterAll(async () => {
    await tide?.stop();
  });

  const asHost = async (host: string, action: string, body: unknown): Promise<Record<string, unknown>> => {
    const headers = { 'mirrortide-host': host };
    const request = { method: 'POST', headers, body: JSON.stringify(body) };
    return (await fetch(`${tide.url}/api/v1/locks/${LOCK}/${action}`, request)).json() as Promise<Record<string, unknown>>;
  };

  it('say who holds the lock, take it away, drop a waiter and let the roll-out go on', async () => {
    const [preamble = ''] = blocks(section('a lock is stuck'));
    const commands = [...inline(section('a lock is stuck')), ...inline(section('a lock is halted'))];
    const [look, history, force, again, drop, enable, resume] = commands;
    expect(commands).toHaveLength(7);
    const { fence } = await asHost(FAILED, 'acquire', { requestId: 'r' });
    await asHost(FAILED, 'confirm', { fence });
    await asHost(WAITING, 'acquire', { requestId: 'r' });
    await asHost(FAILED, 'fail', { fence, reason: 'update 50-install: exit code 7' });
    const words = { HOST: FAILED, FENCE: String(fence), WHO: 'olga', WHY: 'the disk is dead' };
    const setting = fillIn(preamble, { 'OPERATOR-TOKEN': 'sample-operator' }).replace('https://LOCK-ADDRESS', tide.url);
    const type = (command = '', change: Readonly<Record<string, string>> = {}): Promise<string> =>
      bash(`${setting}\n${fillIn(command, { ...words, ...change })}`);

    const seen = JSON.parse(await type(look));
    expect(seen).toMatchObject({ enabled: true, halted: true, queue: [{ host: WAITING, rank: 0 }] });
    expect(seen.holders).toMatchObject([
      { host: FAILED, state: 'failed', fence, since: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) },
    ]);
    const lines = await until(
      'the history',
      () => type(history),
      (text) => text.includes('"fail"'),
    );
    const events = lines.trim().split('\n');
    expect(events.map((line) => (JSON.parse(line) as { transition: string }).transition)).toEqual([
      'ensure',
      'grant',
      'confirm',
      'fail',
    ]);

    expect(JSON.parse(await type(resume))).toMatchObject({ halted: false, holders: [{ host: FAILED, acknowledged: true }] });
    expect(JSON.parse(await type(force, { FENCE: String(Number(fence) + 1) }))).toMatchObject({ kind: 'changed' });
    expect(JSON.parse(await type(force))).toEqual({ state: 'released', fence });
    expect(JSON.parse(await type(force))).toEqual({ state: 'not_held', fence });
    expect(JSON.parse(await type(again))).toEqual([]);
    expect(JSON.parse(await type(drop, { HOST: WAITING }))).toEqual({ state: 'removed' });

    await type(enable?.replace('true', 'false'));
    expect(await asHost(WAITING, 'acquire', { requestId: 's' })).toMatchObject({ kind: 'lock_disabled' });
    expect(JSON.parse(await type(enable))).toMatchObject({ enabled: true });
    expect(await asHost(WAITING, 'acquire', { requestId: 's' })).toMatchObject({ state: 'offered', fence: Number(fence) + 1 });
  });
});

describe('the commands for the table', () => {
  const emulators = useEmulators();
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mirrortide-aws-'));
    const program = fileURLToPath(new URL('../support/aws-cli.ts', import.meta.url));
    await writeFile(join(folder, 'aws'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
    await chmod(join(folder, 'aws'), 0o755);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const withLock = async () => {
    const client = emulators.dynamoDb();
    const table = await createLockTable(client, emulators.freshName('locks'));
    const store = dynamoLockStore(client, table);
    const operations = lockOperations(lockDeps(store, { now: () => 1_000_000 }));
    const { region, credentials, dynamoDbEndpoint } = emulators.endpoints();
    const env = {
      PATH: `${folder}:${process.env['PATH'] ?? ''}`,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_ENDPOINT_URL_DYNAMODB: dynamoDbEndpoint,
    };
    const take = async (host: string): Promise<number> => {
      const call = { lock: LOCK, host, arrivedMs: 1_000_000 };
      const asked = await operations.acquire({ ...call, requestId: `r-${host}` });
      if (asked.kind !== 'granted') throw new Error(asked.kind);
      await operations.confirm({ ...call, fence: asked.grant.fence });
      return asked.grant.fence;
    };
    return {
      operations,
      take,
      read: async (): Promise<LockState> => (await store.read(LOCK, { withinMs: 5_000 })) as LockState,
      type: (text: string, words: Readonly<Record<string, string>> = {}) =>
        bash(fillIn(text, { 'LOCK-TABLE': table, 'NOW-MS': '2000000', NAME: 'olga', ...words }), env),
    };
  };

  it('take a lock away that is as it was seen, as the API would, and only then', async () => {
    const [, commands = ''] = blocks(section('a lock is stuck'));
    const [get = '', update = ''] = commands.split(/^(?=aws dynamodb update-item)/m);
    const { take, type, read } = await withLock();
    const fence = await take(FAILED);
    const item = JSON.parse(await type(get)) as { Item: { h: { M: Record<string, { M: unknown }> } } };
    expect(item.Item.h.M[FAILED]?.M).toMatchObject({ f: { N: String(fence) }, s: { S: 'H' } });
    const words = { HOST: FAILED, FENCE: String(fence), WHY: 'the disk is dead' };
    const before = await read();
    await expect(type(update, { ...words, FENCE: String(fence + 1) })).rejects.toThrow('ConditionalCheckFailed');
    await expect(type(update.replace('"S":"H"', '"S":"F"'), words)).rejects.toThrow('ConditionalCheckFailed');
    expect(await read()).toEqual(before);
    await type(update, words);
    expect(await read()).toEqual({
      ...before,
      version: before.version + 1,
      grants: [],
      last: {
        transition: 'force-release',
        by: 'operator:olga',
        atMs: 2_000_000,
        host: FAILED,
        fence,
        requestId: undefined,
        reason: 'the disk is dead',
        other: undefined,
      },
    });
  });

  it('take the failure of such a host out of the count, so that the lock is granted again', async () => {
    const text = section('a lock is stuck');
    const [, commands = ''] = blocks(text);
    const [, counting = ''] = /write `([^`]+)`/.exec(text.split('Without the API')[1] ?? '') ?? [];
    const update = commands.slice(commands.indexOf('aws dynamodb update-item')).replace('lw = :lw', counting);
    expect(counting).toContain('lw = :lw, ');
    const { operations, take, type, read } = await withLock();
    const fence = await take(FAILED);
    await operations.fail({ lock: LOCK, host: FAILED, fence, arrivedMs: 1_000_000 });
    expect(await read()).toMatchObject({ failures: 1 });
    await type(update.replace('"S":"H"', '"S":"F"'), { HOST: FAILED, FENCE: String(fence), WHY: 'the disk is dead' });
    expect(await read()).toMatchObject({ failures: 0, grants: [] });
    expect(await take(WAITING)).toBe(fence + 1);
  });

  it('lift the fences of every lock after a restore', async () => {
    const [, , restore = ''] = blocks(section('a lock is stuck'));
    const { take, type, read } = await withLock();
    const fence = await take(FAILED);
    const before = await read();
    await type(restore);
    expect(await read()).toMatchObject({
      ...before,
      version: before.version + 1,
      fence: fence + 1_048_576,
      last: { transition: 'configure', by: 'operator:olga', reason: 'restored from a backup' },
    });
  });
});

describe('the commands for the host', () => {
  it.each(['RUNBOOK.md', 'agent.md'])('of %s are commands of the agent, with its options', async (name) => {
    const page = await pageOf(name);
    const commands = [...new Set([...page.matchAll(/mirrortide update [a-z-]+[^`\n.,;)]*/g)].map(([command]) => command.trim()))];
    for (const command of commands) {
      const [, , verb = '', ...words] = command.split(/\s+/);
      const options = words.filter((word) => word.startsWith('--'));
      let help = '';
      const out = (text: string): void => {
        help += text;
      };
      const terminal = { out, err: out, environment: {}, userId: 1_000, program: ['mirrortide'] };
      expect({ command, code: await runCommandLine({ update: updateFamily() }, ['update', verb, '--help'], terminal) }).toEqual({
        command,
        code: 0,
      });
      for (const option of options) expect(help, command).toContain(option);
    }
    expect(commands.length).toBeGreaterThan(3);
  });
});
