import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandWords } from '../../agent/update/config/common-config.ts';
import { ConfigProblem } from '../../agent/update/config/config-problem.ts';
import { isAllowedDay, parseDateConstraint } from '../../agent/update/config/date-constraint.ts';
import { parseConfig, places } from '../../agent/update/config/load-config.ts';
import type { UpdateConfig } from '../../agent/update/config/update-config.ts';

const read = (text: string): UpdateConfig => parseConfig(text, 'config.ini', places(0));

/** The example of foreman_dlm_updater's README, every key of it. */
const FOREMAN = `
[main]
log = /var/log/foreman_dlm_updater.log
logretention = 7
loglevel = DEBUG

# prevents the script from running twice on the same host
lock = /etc/foreman_dlm_updater/file.lock
state = /etc/foreman_dlm_updater/state
lock_name = this_is_the_lock_name
foreman_url = https://foreman.example.com

client_crt = /etc/puppetlabs/puppet/ssl/certs/host.example.com.pem
client_key = /etc/puppetlabs/puppet/ssl/private_keys/host.example.com.pem
ca = /etc/ipa/ca.crt

needs_update.d = /etc/foreman_dlm_updater/needs_update.d/
pre_update.d = /etc/foreman_dlm_updater/pre_update.d/
post_update.d = /etc/foreman_dlm_updater/post_update.d/
needs_reboot.d = /etc/foreman_dlm_updater/needs_reboot.d/
update.d = /etc/foreman_dlm_updater/update.d/
reboot_cmd = /usr/sbin/reboot
`;

/** DLMEngineUpdater 0.3.0: its contributed file, and the keys that only its code knows. */
const DLM = `
[main]
lock = /etc/dlm/i_am_running
state = /etc/dlm/state
log = /var/log/dlm.log
log_retention = 9
log_level = WARNING
lock_name = test
endpoint=http://localhost:9000/api/v1/
org_id = someone
secret=11HbC.5-x
secret_id=14ae8b59
ca = /etc/ca.pem
wait = yes
wait_max = 120
ext_notify.d = /etc/dlm/ext_notify.d
on_failure.d = /etc/dlm/on_failure.d

[scripts]
needs_update.d = /etc/dlm/needs_update.d/
pre_update.d = /etc/dlm/pre_update.d/
post_update.d = /etc/dlm/post_update.d/
needs_reboot.d = /etc/dlm/needs_reboot.d/
reboot_cmd = /sbin/shutdown -r "+1"
update.d = /etc/dlm/update.d/
`;

describe('a configuration of foreman_dlm_updater', () => {
  it('is read as it is', () => {
    const config = read(FOREMAN);
    expect(config).toMatchObject({
      format: 'foreman_dlm_updater',
      service: {
        baseUrl: 'https://foreman.example.com',
        lock: 'this_is_the_lock_name',
        clientCertificateFile: '/etc/puppetlabs/puppet/ssl/certs/host.example.com.pem',
        clientKeyFile: '/etc/puppetlabs/puppet/ssl/private_keys/host.example.com.pem',
        caFile: '/etc/ipa/ca.crt',
        token: undefined,
      },
      folders: {
        needs_update: '/etc/foreman_dlm_updater/needs_update.d/',
        pre_update: '/etc/foreman_dlm_updater/pre_update.d/',
        update: '/etc/foreman_dlm_updater/update.d/',
        needs_reboot: '/etc/foreman_dlm_updater/needs_reboot.d/',
        post_update: '/etc/foreman_dlm_updater/post_update.d/',
      },
      rebootCommand: ['/usr/sbin/reboot'],
      stateFile: '/etc/foreman_dlm_updater/state.mirrortide.json',
      seedStateFile: '/etc/foreman_dlm_updater/state',
      agentLockFile: '/etc/foreman_dlm_updater/file.lock',
      log: { file: '/var/log/foreman_dlm_updater.log', level: 'debug', retentionDays: 7 },
      wait: true,
      waitMaxMs: Number.POSITIVE_INFINITY,
      afterFailure: 'retry',
      checkCodes: 'nonzero',
      warnings: [],
    });
  });

  it('is refused with all that is missing at once', () => {
    const reasons = ['log', 'state', 'client_key'].map((key) => `${key} is missing`);
    const text = FOREMAN.replace(/^(log|state|client_key) = .*$/gm, '');
    for (const reason of reasons) expect(() => read(text)).toThrow(reason);
  });

  it('may have keys that nobody knows, and says so', () => {
    expect(read(`${FOREMAN}colour = blue\n`).warnings).toEqual(['colour: not a key of this file; ignored']);
  });
});

describe('a configuration of DLMEngineUpdater', () => {
  it('up to 0.3 is read as it is', () => {
    const config = read(DLM);
    expect(config).toMatchObject({
      format: 'dlm_engine_updater',
      service: {
        baseUrl: 'http://localhost:9000',
        lock: 'test',
        secretId: '14ae8b59',
        secret: '11HbC.5-x',
        caFile: '/etc/ca.pem',
      },
      folders: { update: '/etc/dlm/update.d/', ext_notify: '/etc/dlm/ext_notify.d', on_failure: '/etc/dlm/on_failure.d' },
      rebootCommand: ['/sbin/shutdown', '-r', '+1'],
      log: { level: 'warning', retentionDays: 9 },
      wait: true,
      waitMaxMs: 120_000,
    });
    expect(config.warnings).toEqual(['org_id: the native interface has no organisations; the lock name alone counts']);
  });

  it('does not wait unless it says so, and then an hour', () => {
    expect(read(DLM.replace(/^wait.*$/gm, ''))).toMatchObject({ wait: false, waitMaxMs: 3_600_000 });
  });

  it('of 1.x is read as it is', () => {
    const text =
      'main_api_endpoint=https://dlm.example/dlmengine/api/v2\nmain_api_lockName=web\nmain_api_secretId=i\nmain_api_secret="s"\nmain_wait=true\nmain_basedir=/opt/dlm\n';
    expect(parseConfig(text, '.env', places(0))).toMatchObject({
      format: 'dlm_engine_updater_env',
      service: { baseUrl: 'https://dlm.example', lock: 'web', secretId: 'i', secret: 's' },
      folders: { update: '/opt/dlm/update.d', reboot: '/opt/dlm/reboot.d' },
      wait: true,
      stateFile: '/opt/dlm/state.mirrortide.json',
    });
  });

  it.each(['main_userscriptusers=["bob"]', 'plugin_slack_enabled=true', 'main_api_noop=true'])(
    'with %s is refused: it would be left out',
    (line) => {
      expect(() => parseConfig(`main_api_lockname=a\n${line}\n`, '.env', places(0))).toThrow(line.split('=')[0] ?? '');
    },
  );
});

describe('our own configuration', () => {
  it('needs an address and a lock, and has an answer for all else', () => {
    expect(read('[service]\nurl = https://locks.example/\nlock = update')).toMatchObject({
      format: 'mirrortide',
      service: { baseUrl: 'https://locks.example', lock: 'update', connectMs: 5_000, totalMs: 35_000, attempts: 6 },
      folders: { update: '/etc/mirrortide/update/update.d', reboot: undefined },
      rebootCommand: ['/sbin/shutdown', '-r', '+1'],
      stateFile: '/var/lib/mirrortide/update.json',
      interrupted: 'rerun',
      afterFailure: 'stop',
      wait: true,
      waitMaxMs: 86_400_000,
    });
  });

  it('has on the operator’s page every key, with what it is when absent', async () => {
    const page = await readFile(fileURLToPath(new URL('../../docs/agent.md', import.meta.url)), 'utf8');
    const block = /```ini\n(\[service\]\n# https[^`]*)```/.exec(page)?.[1] ?? '';
    const filled = block.replace(/^url =$/m, 'url = http://a').replace(/^lock =$/m, 'lock = b');
    expect(read(filled)).toEqual(read('[service]\nurl = http://a\nlock = b'));
    const keys = (
      await readFile(fileURLToPath(new URL('../../agent/update/config/own-config.ts', import.meta.url)), 'utf8')
    ).matchAll(/'\[\w+\] ([\w.]+)'/g);
    for (const [, key = ''] of keys) expect(filled).toMatch(new RegExp(`^${key.replace('.', '\\.')} =`, 'm'));
  });

  it('is in the home folder of whoever is not root', () => {
    expect(parseConfig('[service]\nurl=http://a\nlock=b', 'x', places(1_000, '/home/u'))).toMatchObject({
      folders: { update: '/home/u/.config/mirrortide/update/update.d' },
      stateFile: '/home/u/.local/state/mirrortide/update.json',
    });
  });

  it.each([
    ['[service]\nurl = http://a\nlock = b\n[scripts]\nlimit_second = 3', '[scripts] limit_second is not a key of this file'],
    ['[service]\nurl = ftp://a\nlock = b', 'must be http or https'],
    ['[service]\nurl = nonsense\nlock = b', 'not a URL'],
    ['[service]\nurl = http://u@a\nlock = b', 'user name'],
    ['[service]\nurl = http://a\nlock = ../b', 'letters, digits'],
    ['[service]\nurl = http://a\nlock = b\ntoken = c\ntoken_file = d', 'give one'],
    ['[service]\nurl = http://a\nlock = b\nclient_crt = c', 'give both or neither'],
    ['[service]\nurl = http://a\nlock = b\nattempts = 0', 'from 1 to 100'],
    ['[service]\nurl = http://a\nlock = b\n[run]\nwait = perhaps', 'must be yes or no'],
    ['[service]\nurl = http://a\nlock = b\n[run]\ndate_constraint = 6:Fri', 'must look like 3:Fri'],
    ['[service]\nurl = http://a\nlock = b\n[scripts]\ninterrupted = x', 'must be one of rerun, skip, ask'],
  ])('%j is refused with the reason', (text, reason) => {
    expect(() => read(text)).toThrow(reason);
  });

  it('throws nothing but a ConfigProblem, whatever the values are', () => {
    const key = fc.constantFrom('url', 'lock', 'attempts', 'connect_seconds', 'token', 'nonsense');
    fc.assert(
      fc.property(fc.dictionary(key, fc.string({ unit: 'binary', maxLength: 30 })), (values) => {
        const lines = Object.entries(values).map(([name, value]) => `${name} = ${value}`);
        try {
          read(`[service]\n${lines.join('\n')}`);
          return true;
        } catch (error) {
          return error instanceof ConfigProblem;
        }
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('a date constraint', () => {
  it('allows the nth such weekday of a month and no other', () => {
    const allowed = parseDateConstraint('3:Fri, 1:monday');
    // May 2026 begins on a Friday.
    const days = Array.from({ length: 31 }, (_, index) => index + 1).filter((day) => isAllowedDay(allowed, day, (day + 4) % 7));
    expect(days).toEqual([4, 15]);
  });

  it.each(['', '0:Fri', '6:Fri', '3', '3:', '3:Fro', 'Fri:3', '3:Fri,'])('%j is refused', (text) => {
    expect(() => parseDateConstraint(text)).toThrow(ConfigProblem);
  });
});

describe('a command', () => {
  it.each([
    ['/sbin/shutdown -r +1', ['/sbin/shutdown', '-r', '+1']],
    ['/bin/sh -c "echo a  b" \'c d\'e', ['/bin/sh', '-c', 'echo a  b', 'c de']],
    ['', []],
  ])('%j is split into words', (line, words) => {
    expect(commandWords(line, () => false)).toEqual(words);
  });

  it('is one word when a program of this name is there', () => {
    expect(commandWords('/opt/my tools/reboot', () => true)).toEqual(['/opt/my tools/reboot']);
  });
});
