import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { killableAgent } from './support/agent-host.ts';
import { type SyncHost, type SyncRun, syncHost } from './support/sync-host.ts';
import { type SyncFault, type SyncServer, type SyncVerb, syncServer } from './support/sync-server.ts';

let agent: { readonly file: string; readonly remove: () => Promise<void> };
let server: SyncServer;
let host: SyncHost;

beforeAll(async () => {
  agent = await killableAgent();
});
afterAll(() => agent.remove());
beforeEach(async () => {
  server = await syncServer();
  host = await syncHost(agent.file, server.url);
});
afterEach(async () => {
  await host.letGo();
  await server.close();
  await host.remove();
});

const FULL = ['begin 1', 'SYNCING 1', 'end 1 success', 'VERIFYING 1', 'IN_SERVICE 1'];
const verbs = (): readonly SyncVerb[] => server.calls.map(({ verb }) => verb);
const called = (verb: SyncVerb, times = 1): Promise<unknown> =>
  until(
    `${times} × ${verb}`,
    async () => verbs().filter((one) => one === verb).length,
    (count) => count >= times,
  );
const events = ({ err }: SyncRun): readonly Record<string, unknown>[] =>
  err
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('a command under sync run', () => {
  it('has its own input, output, errors and exit code, byte for byte', async () => {
    const [input, errors] = [randomBytes(70_000), 'an error\nwithout an end'];
    await writeFile(join(host.folder, 'errors'), errors);
    const started = host.start(host.running(`cat; cat ${host.folder}/errors >&2; exit 23`, '--quiet'));
    started.child.stdin?.end(input);
    const { code, out, err } = await started.ended;
    expect({ code, err }).toEqual({ code: 23, err: errors });
    expect(out.equals(input)).toBe(true);
    expect(server.history).toEqual(['begin 1', 'SYNCING 1', 'end 1 failed', 'VERIFYING 1', 'IN_SERVICE 1']);
  });

  it('runs once its turn has come, and the run ends when the host is back in service', async () => {
    Object.assign(server, { waits: 2, drains: 2, verifies: 2 });
    const { code, out, err } = await host.run(host.running('echo done'));
    expect({ code, out: out.toString() }).toEqual({ code: 0, out: 'done\n' });
    expect(err).toContain('IN_SERVICE: verified');
    expect(server.history).toEqual([
      'begin 1',
      'WAITING 1',
      'DRAINING 1',
      'SYNCING 1',
      'end 1 success',
      'VERIFYING 1',
      'IN_SERVICE 1',
    ]);
    expect(await host.state()).toBeUndefined();
  });

  it('knows what it is part of', async () => {
    const { out } = await host.run(host.running('echo $MIRRORTIDE_HOST $MIRRORTIDE_CATEGORY $MIRRORTIDE_SYNC $MIRRORTIDE_PASS'));
    expect(out.toString()).toBe('mirror-1 fedora mirror-1~fedora~1 first\n');
  });

  it.each([
    ['kill -TERM $$', 143],
    ['kill -KILL $$', 137],
  ])('that ends by a signal (%s) gives %i, and has failed', async (script, code) => {
    expect((await host.run(host.running(script))).code).toBe(code);
    expect(server.history).toContain('end 1 failed');
  });

  it.each([
    ['no-such-program', 127],
    ['token', 126],
  ])('that cannot be started (%s) gives %i, and nothing was touched', async (program, code) => {
    expect((await host.run(['run', '--', join(host.folder, program)])).code).toBe(code);
    expect(server.history).toContain('end 1 aborted');
  });

  it('keeps its exit code when the host is held, and the run says so', async () => {
    server.verdict = 'HELD';
    const { code, err } = await host.run(host.running('true'));
    expect(code).toBe(0);
    expect(err).toContain('HELD: not verified, no client is sent here: half of it is gone');
  });

  it('is all that is waited for with --no-wait-verified', async () => {
    expect((await host.run(host.running('true', '--no-wait-verified'))).code).toBe(0);
    expect(server.state).toBe('VERIFYING');
    expect(verbs()).not.toContain('read');
  });

  it('ends the run when nobody judges the host in time', async () => {
    server.verifies = Number.POSITIVE_INFINITY;
    const { code, err } = await host.run(host.running('true', '--verify-timeout', '1s'));
    expect(code).toBe(0);
    expect(err).toContain('still VERIFYING');
  });

  it('says what happens in JSON on stderr when asked to', async () => {
    server.waits = 1;
    const run = await host.run(host.running('exit 3', '--json'));
    expect(events(run).map(({ event }) => event)).toEqual([
      'begun',
      'waiting',
      'start',
      'exit',
      'ended',
      'waiting',
      'verdict',
      'result',
    ]);
    expect(events(run).at(-1)).toEqual({ event: 'result', outcome: 'ran', exitCode: 3 });
  });
});

describe('waiting for the turn', () => {
  it('asks no sooner than the service says', async () => {
    Object.assign(server, { waits: 2, drains: 1, retryAfterMs: 300 });
    await host.run(host.running('true'));
    const asked = server.calls.slice(0, 4).map(({ atMs }) => atMs);
    const gaps = asked.slice(1).map((atMs, index) => atMs - (asked[index] ?? 0));
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(299);
  });

  it('ends after its limit: the command is not run and the place is given back', async () => {
    server.waits = Number.POSITIVE_INFINITY;
    const { code, err } = await host.run(host.running('note ran', '--wait-timeout', '1s'));
    expect({ code, journal: await host.journal(), state: await host.state() }).toEqual({
      code: 75,
      journal: [],
      state: undefined,
    });
    expect(err).toContain('nothing was started');
    expect(server.history).toEqual(['begin 1', 'WAITING 1', 'end 1 aborted', 'IN_SERVICE 1']);
  });

  it('ends by a signal: the command is not run and the place is given back', async () => {
    server.drains = Number.POSITIVE_INFINITY;
    const { child, ended } = host.start(host.running('note ran'));
    await called('heartbeat');
    child.kill('SIGTERM');
    expect((await ended).code).toBe(143);
    expect(await host.journal()).toEqual([]);
    expect(server.history).toEqual(['begin 1', 'DRAINING 1', 'end 1 aborted', 'VERIFYING 1']);
  });

  it('ends when the service asks to stop', async () => {
    Object.assign(server, { drains: Number.POSITIVE_INFINITY, cancel: true });
    expect((await host.run(host.running('note ran'))).code).toBe(3);
    expect(server.history).toContain('end 1 aborted');
  });

  it('begins anew when the place was lost', async () => {
    server.waits = 3;
    server.onCall = (side, nth) => {
      if (side === 'before' && nth === 3) server.lose();
    };
    expect((await host.run(host.running('note ran'))).code).toBe(0);
    expect(server.history).toContain('lose 2');
    expect(server.history.slice(-4)).toEqual(['SYNCING 3', 'end 3 success', 'VERIFYING 3', 'IN_SERVICE 3']);
    expect(new Set(server.calls.map(({ key }) => key).filter((key) => key !== undefined)).size).toBe(2);
  });

  it.each([
    [{ status: 409, body: { kind: 'held', value: 'olga holds the host back: disk' } }, 3, 'olga holds the host back: disk'],
    [
      { status: 409, body: { kind: 'sync_active', value: 'another goes on', syncId: 'mirror-1~fedora~9', state: 'SYNCING' } },
      75,
      '~9',
    ],
    [{ status: 401, body: { kind: 'unauthenticated', value: 'no such token' } }, 77, 'no such token'],
    [{ status: 401, body: { message: 'Unauthorized' } }, 77, '401 the token is not accepted'],
    [{ status: 404, body: { kind: 'not_found', value: 'no such category' } }, 77, 'no such category'],
  ])('is over at once when the service answers %j', async (refusal, code, text) => {
    server.refusal = refusal;
    const end = await host.run(host.running('note ran'));
    expect({ code: end.code, journal: await host.journal() }).toEqual({ code, journal: [] });
    expect(end.err).toContain(text);
    expect(await host.state()).toBeUndefined();
  });

  it('is for one run per host and category: another is refused', async () => {
    const first = host.start(host.running('note in; hold'));
    await host.untilNoted('in');
    expect((await host.run(host.running('note two'))).code).toBe(75);
    await host.letGo();
    expect((await first.ended).code).toBe(0);
    expect(await host.journal()).toEqual(['in']);
  });
});

describe('a bad network', () => {
  const FAULTS: readonly SyncFault[] = ['drop_before', 'drop_after', 'status_503', 'html', 'other_json', 'half_json', 'hang'];
  const cases = FAULTS.flatMap((fault) => (['begin', 'heartbeat', 'end'] as const).map((verb) => [fault, verb] as const));

  it.each(cases)('(%s at %s) changes nothing', async (fault, verb) => {
    await writeFile(
      join(host.folder, 'sync.ini'),
      (await readFile(join(host.folder, 'sync.ini'), 'utf8')).replace('[sync]', 'total_seconds = 0.5\n[sync]'),
    );
    Object.assign(server, { waits: 1, drains: 1 });
    let hits = 0;
    server.fault = (asked) => {
      if (asked !== verb || hits === 2) return 'none';
      hits += 1;
      return fault;
    };
    const { code, out } = await host.run(host.running('note ran; echo out'));
    expect({ code, out: out.toString(), hits }).toEqual({ code: 0, out: 'out\n', hits: 2 });
    expect(await host.journal()).toEqual(['ran']);
    expect(server.history.filter((line) => /^(begin|end|SYNCING|IN_SERVICE)/.test(line))).toEqual([
      'begin 1',
      'SYNCING 1',
      'end 1 success',
      'IN_SERVICE 1',
    ]);
    expect(await host.state()).toBeUndefined();
  });

  it('without the service the command is not run, in bounded time', async () => {
    server.fault = () => 'drop_before';
    const end = await host.run(host.running('note ran'));
    expect({ code: end.code, journal: await host.journal() }).toEqual({ code: 69, journal: [] });
    // A lost reply may have begun it: the next run asks with the same key.
    expect(await host.state()).toMatchObject({ step: 'begin', key: server.calls[0]?.key });
  });

  it('without the service the command is run where that is wanted, and the service told later', async () => {
    server.fault = () => 'drop_before';
    const asked = ['--if-unavailable', 'run', '--verify-timeout', '0'];
    expect((await host.run(host.running('note ran; exit 4', ...asked))).code).toBe(4);
    expect(await host.journal()).toEqual(['ran']);
    expect(await host.state()).toMatchObject({ step: 'end', outcome: 'failed' });
    server.fault = () => 'none';
    expect((await host.run(host.running('note ran'))).code).toBe(0);
    expect(server.history.at(-1)).toBe('IN_SERVICE 2');
    expect(await host.state()).toBeUndefined();
  });

  it('is not what a refused token is taken for, when there is an end left to tell', async () => {
    server.fault = () => 'drop_before';
    const asked = ['--if-unavailable', 'run', '--verify-timeout', '0'];
    expect((await host.run(host.running('note ran', ...asked))).code).toBe(0);
    server.fault = () => 'none';
    server.refusal = { status: 401, body: { kind: 'unauthenticated', value: 'no such token' } };
    const end = await host.run(host.running('note again', ...asked));
    expect({ code: end.code, journal: await host.journal() }).toEqual({ code: 77, journal: ['ran'] });
    expect(end.err).toContain('the service refuses: 401 unauthenticated: no such token');
    expect(await host.state()).toMatchObject({ step: 'end', outcome: 'success' });
  });

  it('while the command runs is nothing to the command, and the end is told when it is back', async () => {
    server.leaseMs = 300;
    const { ended } = host.start(host.running('note in; hold; echo out'));
    await host.untilNoted('in');
    await called('heartbeat', 2);
    server.fault = () => 'drop_before';
    const before = server.calls.length;
    await until(
      'heartbeats that are lost',
      async () => server.calls.length,
      (count) => count > before + 3,
    );
    server.fault = () => 'none';
    await host.letGo();
    const { code, out, err } = await ended;
    expect({ code, out: out.toString() }).toEqual({ code: 0, out: 'out\n' });
    expect(err).toContain('heartbeats do not arrive');
    expect(server.history).toEqual(FULL);
  });

  it('at the end leaves the end to the next run, which tells it first', async () => {
    server.fault = (verb) => (verb === 'end' ? 'status_503' : 'none');
    const first = await host.run(host.running('exit 5', '--verify-timeout', '0'));
    expect(first.code).toBe(5);
    expect(first.err).toContain('the next run tells it');
    expect(await host.state()).toMatchObject({ step: 'end', outcome: 'failed', fence: 1 });
    server.fault = () => 'none';
    expect((await host.run(host.running('true'))).code).toBe(0);
    expect(server.history).toEqual([
      'begin 1',
      'SYNCING 1',
      'end 1 failed',
      'VERIFYING 1',
      'begin 2',
      'SYNCING 2',
      'end 2 success',
      'VERIFYING 2',
      'IN_SERVICE 2',
    ]);
  });
});

describe('a synchronisation that is lost while the command runs', () => {
  const losing: readonly (readonly [string, () => void])[] = [
    ['another began', () => server.lose()],
    ['an operator cancels it', () => void Object.assign(server, { cancel: true })],
  ];

  it.each(losing)('(%s) lets the command end by itself', async (_why, lose) => {
    server.leaseMs = 300;
    const { ended } = host.start(host.running('note in; hold; note out'));
    await host.untilNoted('in');
    lose();
    const before = server.calls.length;
    await until(
      'a heartbeat that is told',
      async () => server.calls.length,
      (count) => count > before,
    );
    await host.letGo();
    const { code, err } = await ended;
    expect({ code, journal: await host.journal() }).toEqual({ code: 0, journal: ['in', 'out'] });
    expect(err).toContain('it goes on, and the host stays out of service');
    expect(await host.state()).toBeUndefined();
  });

  it.each(losing)('(%s) ends the command with --kill-when-lost', async (_why, lose) => {
    server.leaseMs = 300;
    const { ended } = host.start(host.running('trap "note terminated; exit 9" TERM; note in; hold', '--kill-when-lost'));
    await host.untilNoted('in');
    lose();
    const { code } = await ended;
    expect({ code, journal: await host.journal() }).toEqual({ code: 9, journal: ['in', 'terminated'] });
  });

  it('ends by a lease that ran out, if the command is to be ended then', async () => {
    server.leaseMs = 300;
    const { ended } = host.start(host.running('trap "note terminated; exit 9" TERM; note in; hold', '--kill-when-lost'));
    await host.untilNoted('in');
    await called('heartbeat', 1);
    server.fault = (verb) => (verb === 'heartbeat' ? 'drop_before' : 'none');
    expect((await ended).code).toBe(9);
    expect(server.history).toContain('end 1 failed');
  });
});

describe('heartbeats', () => {
  it('are sent three times per lease while the command runs, and not after it', async () => {
    server.leaseMs = 600;
    const { ended } = host.start(host.running('note in; hold'));
    await called('heartbeat', 5);
    await host.letGo();
    await ended;
    const beats = server.calls.filter(({ verb }) => verb === 'heartbeat').map(({ atMs }) => atMs);
    // A lower bound only: a busy machine is late.
    for (const [index, atMs] of beats.slice(1).entries()) expect(atMs - (beats[index] ?? 0)).toBeGreaterThanOrEqual(150);
    const ending = server.calls.findIndex(({ verb }) => verb === 'end');
    expect(verbs().slice(ending)).not.toContain('heartbeat');
  });
});

describe('a signal while the command runs', () => {
  it.each(['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGUSR2'] as const)(
    '(%s) is passed to it, and its exit code is its own',
    async (signal) => {
      const name = signal.slice(3);
      const { child, ended } = host.start(host.running(`trap "note got-${name}; exit 6" ${name}; note in; hold`));
      await host.untilNoted('in');
      child.kill(signal);
      expect((await ended).code).toBe(6);
      expect(await host.journal()).toEqual(['in', `got-${name}`]);
      expect(server.history).toContain('end 1 failed');
    },
  );
});

describe('an additive synchronisation', () => {
  const both = (first: string, second: string): readonly string[] => [
    ...host.running(first, '--mode', 'additive'),
    '--then',
    ...host.running(second).slice(2),
  ];

  it('adds in service, and takes its turn before the second command', async () => {
    Object.assign(server, { waits: 1, drains: 1 });
    const { code, out } = await host.run(both('echo add $MIRRORTIDE_PASS', 'echo remove $MIRRORTIDE_PASS'));
    expect({ code, out: out.toString() }).toEqual({ code: 0, out: 'add first\nremove second\n' });
    expect(server.history).toEqual([
      'begin 1',
      'ADDING 1',
      'WAITING 1',
      'DRAINING 1',
      'SYNCING 1',
      'end 1 success',
      'VERIFYING 1',
      'IN_SERVICE 1',
    ]);
  });

  it('never leaves service when there is no second command', async () => {
    expect((await host.run(host.running('true', '--mode', 'additive'))).code).toBe(0);
    expect(server.history).toEqual(['begin 1', 'ADDING 1', 'end 1 success', 'IN_SERVICE 1']);
  });

  it('does not run the second command when the first failed', async () => {
    const { code } = await host.run(both('exit 12', 'note removed'));
    expect({ code, journal: await host.journal() }).toEqual({ code: 12, journal: [] });
    expect(server.history).toEqual(['begin 1', 'ADDING 1', 'end 1 failed', 'IN_SERVICE 1']);
  });

  it('does not run the second command when its turn does not come', async () => {
    server.waits = Number.POSITIVE_INFINITY;
    const [run = '', ...rest] = both('note added', 'note removed');
    const { code } = await host.run([run, '--wait-timeout', '1s', ...rest]);
    expect({ code, journal: await host.journal() }).toEqual({ code: 75, journal: ['added'] });
    expect(server.history).toContain('end 1 aborted');
  });
});

describe('the other commands', () => {
  it('show where the host stands, and what is left on this machine', async () => {
    server.state = 'SYNCING';
    expect(await host.run(['status'])).toMatchObject({
      code: 0,
      out: Buffer.from('fedora: SYNCING for 1 min 1 s (mirror-1~fedora~0)\n'),
    });
    server.state = 'HELD';
    const held = await host.run(['status', '--json']);
    expect(held.code).toBe(3);
    const [shown, result] = held.out
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(shown).toMatchObject({
      host: 'mirror-1',
      syncs: [{ category: 'fedora', state: 'HELD', here: { run: null, left: null } }],
    });
    expect(result).toMatchObject({ outcome: 'decision_needed', exitCode: 3 });
  });

  it('show what would be done, and do nothing', async () => {
    const { code, out } = await host.run(host.running('note ran', '--dry-run'));
    expect(code).toBe(0);
    expect(out.toString()).toContain('would begin a synchronisation of mirror-1/fedora');
    expect({ verbs: verbs(), state: await host.state(), journal: await host.journal() }).toEqual({
      verbs: ['list'],
      state: undefined,
      journal: [],
    });
  });

  it('end what nobody is at work on, by the state file or by what the service knows', async () => {
    server.fault = (verb) => (verb === 'end' ? 'status_503' : 'none');
    await host.run(host.running('true', '--verify-timeout', '0'));
    server.fault = () => 'none';
    expect((await host.run(['end', '--outcome', 'failed'])).code).toBe(0);
    expect(await host.state()).toBeUndefined();
    expect(verbs()).not.toContain('list');
    Object.assign(server, { state: 'SYNCING', fence: 7 });
    expect((await host.run(['end'])).code).toBe(0);
    expect(server.history.slice(-2)).toEqual(['end 7 aborted', 'VERIFYING 7']);
  });

  it('end nothing while a run is at work', async () => {
    const { ended } = host.start(host.running('note in; hold'));
    await host.untilNoted('in');
    expect((await host.run(['end'])).code).toBe(75);
    await host.letGo();
    await ended;
    expect(server.history).toEqual(FULL);
  });

  it('remove a state file that cannot be read', async () => {
    await writeFile(join(host.folder, 'state/mirror-1~fedora.json'), '{"schema":1,');
    expect(await host.run(host.running('note ran'))).toMatchObject({
      code: 3,
      err: expect.stringContaining('mirrortide sync end'),
    });
    expect((await host.run(['end'])).code).toBe(0);
    expect((await host.run(host.running('note ran'))).code).toBe(0);
  });

  it('hold and release with a reason, in the name of the host that is given', async () => {
    expect((await host.run(['hold'])).code).toBe(2);
    expect((await host.run(['hold', '--reason', 'the disk is full'])).code).toBe(0);
    expect(server.state).toBe('HELD');
    expect((await host.run(['release', '--reason', 'a new disk'])).code).toBe(0);
    expect(server.calls.map(({ verb, body }) => ({ verb, body }))).toEqual([
      { verb: 'hold', body: { reason: 'the disk is full' } },
      { verb: 'release', body: { reason: 'a new disk' } },
    ]);
  });

  it.each([
    [['run'], 2],
    [['run', '--', 'a', '--then', 'b'], 2],
    [['run', '--mode', 'additive', '--', 'a', '--then'], 2],
    [['run', '--mode', 'both', '--', 'a'], 78],
    [['run', '--wait-timeout', 'soon', '--', 'a'], 78],
    [['run', '--server', 'ftp://x', '--', 'a'], 78],
    [['run', '--token-file', '/no/such/file', '--', 'a'], 78],
    [['run', '--host', 'no host', '--', 'a'], 78],
  ])('refuse %j with %i', async (words, code) => {
    expect((await host.run(words)).code).toBe(code);
    expect(server.calls).toEqual([]);
  });
});
