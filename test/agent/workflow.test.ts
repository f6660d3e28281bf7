import { spawn } from 'node:child_process';
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { type AgentHost, agentHost, type HostOptions, killableAgent } from './support/agent-host.ts';
import { type LockServer, lockServer } from './support/lock-server.ts';

let agent: { readonly file: string; readonly remove: () => Promise<void> };
let server: LockServer;
const hosts: AgentHost[] = [];

const newHost = async (options: Partial<HostOptions> = {}): Promise<AgentHost> => {
  const host = await agentHost({ agent: agent.file, url: server.url, ...options });
  hosts.push(host);
  return host;
};

/** Just enough for an update without a reboot. */
const SMALL = [
  ['needs_update.d/10-yes', 1],
  ['update.d/10-a', 0],
  ['needs_reboot.d/10-no', 0],
] as const;

const begun = async (host: AgentHost): Promise<readonly string[]> =>
  (await host.journal()).filter((line) => line.startsWith('begin')).map((line) => line.split(' ')[1] ?? '');

beforeAll(async () => {
  agent = await killableAgent();
});
afterAll(() => agent.remove());
beforeEach(async () => {
  server = await lockServer();
});
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.remove();
  await server.close();
});

describe('whether an update begins', () => {
  it('is no without check scripts, and neither state nor lock is touched', async () => {
    const host = await newHost({ scripts: [['update.d/10-a', 0]] });
    const ran = await host.run();
    expect({ code: ran.code, calls: server.calls, journal: await host.journal(), state: await host.state() }).toEqual({
      code: 0,
      calls: [],
      journal: [],
      state: undefined,
    });
  });

  it('is no when every check ends with 0', async () => {
    const host = await newHost({ scripts: [['needs_update.d/10', 0], ['needs_update.d/20', 0], ...SMALL.slice(1)] });
    expect((await host.run()).code).toBe(0);
    expect(await begun(host)).toEqual(['needs_update.d/10', 'needs_update.d/20']);
    expect([server.calls, await host.state()]).toEqual([[], undefined]);
  });

  it('is an error when a check does, in the convention where only 100 and more mean yes', async () => {
    const host = await newHost({
      scripts: [['needs_update.d/10', 1], ...SMALL.slice(1)],
      extra: { scripts: 'check_codes = 100' },
    });
    const ran = await host.run();
    expect([ran.code, server.calls, await host.state()]).toEqual([1, [], undefined]);
    expect(ran.output).toContain('a check failed, and nothing was begun');
  });

  it('is no on a day that the date constraint does not name', async () => {
    const host = await newHost({ scripts: SMALL });
    const tomorrow = new Date(Date.now() + 86_400_000).toLocaleDateString('en-US', { weekday: 'short' });
    const ran = await host.run([
      'run',
      '--date_constraint',
      `1:${tomorrow},2:${tomorrow},3:${tomorrow},4:${tomorrow},5:${tomorrow}`,
    ]);
    expect([ran.code, await host.journal()]).toEqual([0, []]);
  });
});

describe('an update', () => {
  it('without a reboot runs every folder and releases the lock', async () => {
    const host = await newHost({ scripts: SMALL });
    expect((await host.run()).code).toBe(0);
    expect(await begun(host)).toEqual(SMALL.map(([path]) => path));
    expect([server.history, await host.state()]).toEqual([['offer host-1 1', 'confirm host-1 1', 'release host-1 1'], undefined]);
  });

  it('reboots when there are no scripts to ask whether it must', async () => {
    const host = await newHost({ scripts: SMALL.slice(0, 2) });
    expect((await host.run()).code).toBe(0);
    expect(await begun(host)).toEqual(['needs_update.d/10-yes', 'update.d/10-a', 'reboot-command']);
    expect((await host.state())?.task).toBe('reboot');
  });

  it('does not take a run before the shutdown for one after it', async () => {
    const host = await newHost();
    await host.run();
    const journal = await host.journal();
    for (const args of [['run'], ['run', '--after-reboot'], ['resume']]) {
      const ran = await host.run(args);
      expect([ran.code, await host.journal()]).toEqual([0, journal]);
      expect(ran.output).toContain('has not come yet');
    }
    expect(server.grants.get('host-1')?.state).toBe('held');
    await host.reboot();
    expect((await host.run(['run', '--after_reboot'])).code).toBe(0);
    expect([server.grants.size, await host.state()]).toEqual([0, undefined]);
  });

  it('asks for the reboot again when it does not come', async () => {
    const host = await newHost({ extra: { reboot: 'retry_seconds = 0' } });
    await host.run();
    await host.run();
    expect((await begun(host)).filter((path) => path === 'reboot-command')).toHaveLength(2);
  });

  it('does nothing after a reboot that it did not ask for', async () => {
    const host = await newHost({ scripts: SMALL });
    expect((await host.run(['run', '--after-reboot'])).code).toBe(0);
    expect(await host.journal()).toEqual([]);
  });

  it('runs only scripts that are safe to run, in byte order', async () => {
    const host = await newHost({
      scripts: [...SMALL, ['update.d/B', 0], ['update.d/a', 0], ['update.d/plain', 0], ['update.d/open', 0]],
    });
    await chmod(join(host.folder, 'update.d/plain'), 0o644);
    await chmod(join(host.folder, 'update.d/open'), 0o777);
    await mkdir(join(host.folder, 'update.d/folder'));
    const ran = await host.run();
    expect((await begun(host)).filter((path) => path.startsWith('update'))).toEqual([
      'update.d/10-a',
      'update.d/B',
      'update.d/a',
    ]);
    for (const why of ['not executable', 'group or everybody may write', 'not a regular file']) expect(ran.output).toContain(why);
  });

  it('takes a folder that is missing for a mistake before it begins', async () => {
    const host = await newHost({ scripts: SMALL.slice(0, 1) });
    await rm(join(host.folder, 'update.d'), { recursive: true });
    const ran = await host.run();
    expect([ran.code, await host.journal(), server.calls, await host.state()]).toEqual([78, [], [], undefined]);
    expect(ran.output).toContain('update.d: the folder cannot be read');
  });

  it('gives scripts their lock, fence, phase and run, and nothing of its own environment', async () => {
    const host = await newHost({ scripts: SMALL, extra: { scripts: 'pass_environment = WANTED' } });
    const file = join(host.folder, 'update.d/10-a');
    await writeFile(file, `#!/bin/sh\nenv > ${host.folder}/environment\n`);
    await host.run(['run'], { WANTED: 'yes', SECRET: 'no' });
    const environment = await readFile(join(host.folder, 'environment'), 'utf8');
    const names = environment.split('\n').map((line) => line.split('=')[0]);
    expect(names).toEqual(
      expect.arrayContaining(['WANTED', 'PATH', 'HOME', 'MIRRORTIDE_RUN_ID', 'MIRRORTIDE_HOST', 'MIRRORTIDE_STEP']),
    );
    expect(names).not.toContain('SECRET');
    for (const line of [
      'MIRRORTIDE_LOCK=update',
      'MIRRORTIDE_FENCE=1',
      'MIRRORTIDE_PHASE=update',
      'DLM_ENGINE_UPDATER_LOCK_NAME=update',
      'DLM_ENGINE_UPDATER_PHASE=update',
    ])
      expect(environment.split('\n')).toContain(line);
  });

  it('tells ext_notify.d what happens, in the arguments that DLMEngineUpdater has', async () => {
    const host = await newHost({ scripts: SMALL });
    const folder = join(host.folder, 'notices');
    await mkdir(folder);
    await writeFile(join(folder, 'tell'), `#!/bin/sh\necho "$@" >> ${host.folder}/told\n`, { mode: 0o755 });
    const text = await readFile(host.configFile, 'utf8');
    await writeFile(host.configFile, text.replace('[scripts]\n', `[scripts]\next_notify.d = ${folder}\n`));
    await host.run();
    expect((await readFile(join(host.folder, 'told'), 'utf8')).trim().split('\n')).toEqual([
      'update False True needs_update 10-yes 1',
      'update True True main none 0',
      'update True True update 10-a 0',
      'update True True needs_reboot 10-no 0',
      'update False False main none 0',
    ]);
  });
});

describe('a script that fails', () => {
  it.each(['pre_update.d/10', 'update.d/10-a', 'post_update.d/10'])(
    '%s stops the update, keeps the lock and tells the service once',
    async (path) => {
      const host = await newHost({ scripts: [...SMALL.filter(([name]) => name !== path), [path, 7]] });
      expect((await host.run()).code).toBe(1);
      expect(server.grants.get('host-1')?.state).toBe('failed');
      const journal = await host.journal();
      const again = await host.run();
      expect([again.code, await host.journal(), server.history.filter((line) => line.startsWith('fail'))]).toEqual([
        3,
        journal,
        ['fail host-1 1'],
      ]);
      const status = await host.run(['status']);
      expect(status.code).toBe(3);
      expect(status.output).toContain('exit code 7');
    },
  );

  it('is reported by the next run when the service was away', async () => {
    const host = await newHost({ scripts: [...SMALL.slice(0, 1), ['update.d/10-a', 7]], extra: { service: 'attempts = 1' } });
    server.fault = (verb) => (verb === 'fail' ? 'status_502' : 'none');
    expect((await host.run()).code).toBe(1);
    expect((await host.state())?.failure?.reported).toBe(false);
    server.fault = () => 'none';
    expect((await host.run()).code).toBe(3);
    expect([server.grants.get('host-1')?.state, (await host.state())?.failure?.reported]).toEqual(['failed', true]);
  });

  it('runs again with resume, and those before it do not', async () => {
    const host = await newHost({ scripts: [['pre_update.d/10', 0], ...SMALL, ['update.d/20-b', 7], ['update.d/30-c', 0]] });
    await host.run();
    await host.script('update.d/20-b', 0);
    expect((await host.run(['resume'])).code).toBe(0);
    const order = [
      'needs_update.d/10-yes',
      'pre_update.d/10',
      'update.d/10-a',
      'update.d/20-b',
      'update.d/20-b',
      'update.d/30-c',
      'needs_reboot.d/10-no',
    ];
    expect([await begun(host), server.grants.size]).toEqual([order, 0]);
  });

  it('counts as done with resume --skip', async () => {
    const host = await newHost({ scripts: [...SMALL, ['update.d/20-b', 7], ['update.d/30-c', 0]] });
    await host.run();
    expect((await host.run(['resume', '--skip'])).code).toBe(0);
    expect((await begun(host)).filter((path) => path.startsWith('update'))).toEqual([
      'update.d/10-a',
      'update.d/20-b',
      'update.d/30-c',
    ]);
  });

  it('is tried again by the next ordinary run where the configuration says so', async () => {
    const host = await newHost({
      scripts: [...SMALL.filter(([path]) => !path.startsWith('update')), ['update.d/10-a', 7]],
      extra: { scripts: 'after_failure = retry' },
    });
    expect((await host.run()).code).toBe(1);
    await host.script('update.d/10-a', 0);
    expect((await host.run()).code).toBe(0);
    expect(server.grants.size).toBe(0);
  });

  it('is ended at its limit together with what it started', async () => {
    const host = await newHost({ scripts: SMALL, extra: { scripts: 'limit_seconds = 0.3' } });
    await writeFile(join(host.folder, 'update.d/10-a'), `#!/bin/sh\nsleep 600 &\necho $! > ${host.folder}/child\nwait\n`);
    const ran = await host.run();
    expect(ran.code).toBe(1);
    expect(ran.output).toContain('limit of 0.3 s');
    const child = (await readFile(join(host.folder, 'child'), 'utf8')).trim();
    await until(
      'the end of the child',
      () =>
        stat(`/proc/${child}/exe`).then(
          () => 'alive',
          () => 'gone',
        ),
      (seen) => seen === 'gone',
    );
  });

  it('whose interpreter is missing is a failure like any other', async () => {
    const host = await newHost({ scripts: SMALL });
    await writeFile(join(host.folder, 'update.d/10-a'), '#!/no/such/interpreter\n');
    const ran = await host.run();
    expect([ran.code, server.grants.get('host-1')?.state]).toEqual([1, 'failed']);
    expect(ran.output).toContain('could not be started');
  });

  it('may leave a daemon running, which holds up nothing', async () => {
    const host = await newHost({ scripts: [...SMALL, ['update.d/20-b', 0]] });
    await writeFile(join(host.folder, 'update.d/10-a'), `#!/bin/sh\nsleep 600 &\necho $! > ${host.folder}/daemon\n`);
    try {
      expect((await host.run()).code).toBe(0);
      expect((await host.run()).code).toBe(0);
    } finally {
      process.kill(Number(await readFile(join(host.folder, 'daemon'), 'utf8')));
    }
  });
});

describe('a script that was interrupted', () => {
  const interrupted = async (extra = {}): Promise<AgentHost> => {
    const host = await newHost({ scripts: [...SMALL, ['update.d/20-b', 0]], extra });
    await host.planKill('update.d/10-a', 'begin');
    expect((await host.run()).signal).toBe('SIGKILL');
    await until(
      'the end of the script',
      () => host.run(['run', '--dry-run']),
      (ran) => ran.code === 0,
    );
    return host;
  };
  const updates = async (host: AgentHost) => (await begun(host)).filter((path) => path.startsWith('update'));

  it('is left out where the operator says skip', async () => {
    const host = await interrupted();
    expect((await host.run(['run', '--interrupted', 'skip'])).code).toBe(0);
    expect(await updates(host)).toEqual(['update.d/10-a', 'update.d/20-b']);
  });

  it('stops the run where the configuration says ask, until somebody decides', async () => {
    const host = await interrupted({ scripts: 'interrupted = ask' });
    expect((await host.run()).code).toBe(3);
    expect(await updates(host)).toEqual(['update.d/10-a']);
    expect((await host.run(['resume', '--interrupted', 'rerun'])).code).toBe(0);
    expect(await updates(host)).toEqual(['update.d/10-a', 'update.d/10-a', 'update.d/20-b']);
  });
});

describe('the lock', () => {
  it('is waited for as the service says', async () => {
    const host = await newHost({ scripts: SMALL });
    server.grants.set('other', { fence: 0, state: 'held', requestId: 'x' });
    const running = host.run();
    await until(
      'two polls',
      async () => server.calls.filter((call) => call.verb === 'acquire'),
      (calls) => calls.length > 1,
    );
    expect(server.calls.at(-1)?.body['ticket']).toBe('t-host-1');
    expect((await host.state())?.ticket).toBe('t-host-1');
    server.grants.delete('other');
    expect((await running).code).toBe(0);
    expect(new Set(server.calls.filter((call) => call.verb === 'acquire').map((call) => call.body['requestId'])).size).toBe(1);
  });

  it('is asked for once without waiting, and the next run keeps its place', async () => {
    const host = await newHost({ scripts: SMALL });
    server.grants.set('other', { fence: 0, state: 'held', requestId: 'x' });
    expect((await host.run(['run', '--no-wait'])).code).toBe(75);
    server.grants.delete('other');
    expect((await host.run(['run', '--no-wait'])).code).toBe(0);
    expect((await begun(host)).filter((path) => path === 'needs_update.d/10-yes')).toHaveLength(1);
  });

  it.each([
    ['disabled or halted', 423, { kind: 'lock_halted', value: 'a host failed' }, 75],
    ['unknown', 404, { kind: 'unknown_lock', value: 'update' }, 77],
    ['not for this host', 403, { kind: 'forbidden', value: 'no' }, 77],
  ])('that is %s is told by the exit code', async (_what, status, body, code) => {
    const host = await newHost({ scripts: SMALL });
    server.closed = { status, body };
    const ran = await host.run(['run', '--no-wait']);
    expect([ran.code, await host.journal()]).toEqual([code, ['begin needs_update.d/10-yes ', 'end needs_update.d/10-yes ']]);
    expect(ran.output).toContain(body.kind);
  });

  it('that cannot be reached stops nothing but the update', async () => {
    const host = await newHost({ scripts: SMALL, extra: { service: 'attempts = 2' } });
    server.fault = () => 'not_json';
    expect((await host.run()).code).toBe(69);
    expect((await host.state())?.task).toBe('lock_get');
    server.fault = () => 'none';
    expect((await host.run()).code).toBe(0);
  });

  it('is asked for anew when the offer ended before it was confirmed', async () => {
    const host = await newHost({ scripts: SMALL });
    server.fault = (verb) => {
      if (verb === 'confirm' && server.history.length === 1) server.grants.clear();
      return 'none';
    };
    expect((await host.run()).code).toBe(0);
    expect(server.history).toEqual(['offer host-1 1', 'offer host-1 2', 'confirm host-1 2', 'release host-1 2']);
    const asked = server.calls.filter((call) => call.verb === 'acquire').map((call) => call.body['requestId']);
    expect(new Set(asked).size).toBe(2);
  });

  it('that was taken away while the host was down stops the update before any script', async () => {
    const host = await newHost();
    await host.run();
    server.grants.clear();
    await host.reboot();
    const journal = await host.journal();
    expect((await host.run(['run', '--after-reboot'])).code).toBe(4);
    expect(await host.journal()).toEqual(journal);
    expect((await host.run(['abort'])).code).toBe(0);
    expect(await host.state()).toBeUndefined();
  });

  it('whose release is answered by nobody is released by the next run', async () => {
    const host = await newHost({ scripts: SMALL, extra: { service: 'attempts = 1' } });
    server.fault = (verb) => (verb === 'release' ? 'drop_after' : 'none');
    expect((await host.run()).code).toBe(69);
    server.fault = () => 'none';
    expect((await host.run()).code).toBe(0);
    expect([await host.state(), await begun(host)]).toEqual([undefined, SMALL.map(([path]) => path)]);
  });

  it('is given back by abort --release, and not without it', async () => {
    const host = await newHost({ scripts: [...SMALL.slice(0, 1), ['update.d/10-a', 7]] });
    await host.run();
    expect((await host.run(['abort'])).code).toBe(3);
    expect(server.grants.size).toBe(1);
    expect((await host.run(['abort', '--release'])).code).toBe(0);
    expect([server.grants.size, await host.state()]).toEqual([0, undefined]);
  });
});

describe('a leased lock', () => {
  /** update.d/10-a says that it has begun and waits until it may end. */
  const waiting = async (host: AgentHost): Promise<void> => {
    const text = `#!/bin/sh\ntouch ${host.folder}/begun\nwhile [ ! -e ${host.folder}/go ]; do sleep 0.02; done\n`;
    await writeFile(join(host.folder, 'update.d/10-a'), text);
  };
  const renewals = async () => server.calls.filter((call) => call.verb === 'renew').length;

  it('is renewed while a script runs', async () => {
    const host = await newHost({ scripts: SMALL });
    await waiting(host);
    server.leaseMs = 30_000;
    server.fault = (verb) => {
      // The first answers promise a short lease, so that the renewal comes at once.
      server.leaseMs = verb === 'confirm' ? 3_000 : 30_000;
      return 'none';
    };
    const running = host.run();
    await until('a renewal', renewals, (count) => count > 0);
    await writeFile(join(host.folder, 'go'), '');
    expect((await running).code).toBe(0);
    expect(server.history.at(-1)).toBe('release host-1 1');
  });

  it('that was lost lets the script end and starts no other', async () => {
    const host = await newHost({ scripts: [...SMALL, ['update.d/20-b', 0]] });
    await waiting(host);
    server.leaseMs = 3_000;
    const running = host.run();
    await until(
      'the script',
      () => stat(join(host.folder, 'begun')).catch(() => undefined),
      (found) => found !== undefined,
    );
    server.grants.clear();
    await until('a renewal', renewals, (count) => count > 0);
    await writeFile(join(host.folder, 'go'), '');
    expect((await running).code).toBe(4);
    expect(await begun(host)).not.toContain('update.d/20-b');
    expect((await host.state())?.scripts?.map((script) => script.status)).toEqual(['done', 'waiting']);
  });
});

describe('the agent', () => {
  it('goes on when its terminal goes away', async () => {
    const host = await newHost({ scripts: SMALL });
    const child = spawn(process.execPath, [agent.file, 'update', 'run', '--config', host.configFile], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    child.stderr.destroy();
    expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(0);
    expect([await host.state(), server.grants.size]).toEqual([undefined, 0]);
  });

  it('is alone on its host', async () => {
    const host = await newHost({ scripts: SMALL });
    await writeFile(
      join(host.folder, 'update.d/10-a'),
      `#!/bin/sh\necho begin > ${host.folder}/begun\nwhile [ ! -e ${host.folder}/go ]; do sleep 0.02; done\n`,
    );
    const first = host.run();
    await until(
      'the script',
      () => stat(join(host.folder, 'begun')).catch(() => undefined),
      (found) => found !== undefined,
    );
    const second = await host.run();
    expect(second.code).toBe(75);
    expect(second.output).toMatch(/another agent is at work: process \d+/);
    expect((await host.run(['status'])).output).toMatch(/agent {4}running: process \d+/);
    await writeFile(join(host.folder, 'go'), '');
    expect((await first).code).toBe(0);
  });

  it('stops in order on SIGTERM, and goes on with the next run', async () => {
    const host = await newHost({ scripts: SMALL });
    await writeFile(
      join(host.folder, 'update.d/10-a'),
      `#!/bin/sh\necho x >> ${host.folder}/begun\n[ -e ${host.folder}/go ] && exit 0\nexec sleep 600\n`,
    );
    const child = spawn(process.execPath, [agent.file, 'update', 'run', '--config', host.configFile], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    await until(
      'the script',
      () => stat(join(host.folder, 'begun')).catch(() => undefined),
      (found) => found !== undefined,
    );
    child.kill('SIGTERM');
    expect(await ended).toBe(143);
    await writeFile(join(host.folder, 'go'), '');
    expect((await host.run()).code).toBe(0);
    expect(server.grants.size).toBe(0);
  });

  it.each([
    ['empty', ''],
    ['cut in half', '{"schema":1,"runId":"a","task":"upd'],
    ['of another version', '{"schema":2}'],
    ['of an updater before it', 'post_update\n'],
  ])('does not touch anything when its state file is %s', async (_what, text) => {
    const host = await newHost({ scripts: SMALL });
    await writeFile(join(host.folder, 'state.json'), text);
    const ran = await host.run();
    expect([ran.code, await host.journal(), server.calls, await readFile(join(host.folder, 'state.json'), 'utf8')]).toEqual([
      3,
      [],
      [],
      text,
    ]);
    expect(ran.output).toContain('--discard-state');
    expect((await host.run(['abort', '--discard-state'])).code).toBe(0);
    expect((await host.run()).code).toBe(0);
  });

  it('refuses to go on under another lock than it began with', async () => {
    const host = await newHost({ scripts: [...SMALL.slice(0, 1), ['update.d/10-a', 7]] });
    await host.run();
    const text = await readFile(host.configFile, 'utf8');
    await writeFile(host.configFile, text.replace('lock = update', 'lock = another'));
    const ran = await host.run(['resume']);
    expect(ran.code).toBe(78);
    expect(ran.output).toContain('change it back');
  });

  it('shows with --dry-run what it would do, and does nothing', async () => {
    const host = await newHost();
    const ran = await host.run(['run', '--dry-run', '--json']);
    expect(ran.code).toBe(0);
    const shown = JSON.parse(ran.output.split('\n')[0] ?? '') as { folders: { task: string; scripts: string[] }[] };
    expect(shown.folders.find((folder) => folder.task === 'update')?.scripts).toEqual(['10-a', '20-b', '30-c']);
    expect([await host.journal(), server.calls, await host.state()]).toEqual([[], [], undefined]);
  });

  it('writes lines of JSON with --json, and everything to its log file', async () => {
    const host = await newHost({ scripts: SMALL });
    const ran = await host.run(['run', '--json']);
    const lines = ran.output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.at(-1)).toEqual({ outcome: 'finished', message: expect.any(String), exitCode: 0 });
    expect(lines.map((line) => line['message'])).toContain('output of update.d/10-a');
    expect(await readFile(join(host.folder, 'update.log'), 'utf8')).toContain(
      'INFO output of update.d/10-a script="update/10-a"',
    );
  });
});
