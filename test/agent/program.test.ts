import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageProblem } from '../../agent/cli/command.ts';
import { runCommandLine } from '../../agent/cli/run-command-line.ts';
import { age } from '../../agent/update/commands/status.ts';
import { unitFiles } from '../../agent/update/commands/unit-files.ts';
import { updateFamily } from '../../agent/update/update-family.ts';
import { EXIT_CODES } from '../../agent/update/workflow/outcome.ts';
import { AGENT_ENTRY, bundleAgent } from '../../local/bundle-agent.ts';

/** About a tenth more than it has; what makes it larger should be worth it on every host. */
const CEILING_BYTES = 820_000;

let folder: string;
let sizeBytes: number;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-program-'));
  sizeBytes = await bundleAgent(AGENT_ENTRY, join(folder, 'mirrortide.mjs'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const typed = async (words: readonly string[], userId = 1_000) => {
  let out = '';
  let err = '';
  const terminal = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    environment: {},
    userId,
    program: ['/usr/bin/node', '/opt/my agent.mjs'],
  };
  const code = await runCommandLine({ update: updateFamily() }, words, terminal);
  return { code, out, err };
};

describe('the bundle', () => {
  it('is one executable file below its ceiling that imports nothing but Node', async () => {
    const file = join(folder, 'mirrortide.mjs');
    expect(sizeBytes).toBeLessThan(CEILING_BYTES);
    const imports = [...(await readFile(file, 'utf8')).matchAll(/^import .* from "([^"]+)";$/gm)].map((match) => match[1] ?? '');
    expect(imports.filter((name) => !name.startsWith('node:'))).toEqual([]);
    expect((await stat(file)).mode & 0o111).toBe(0o111);
    const { stdout } = await promisify(execFile)(process.execPath, [file, 'update', '--help']);
    expect(stdout).toContain('check-config');
  });

  it('has the size that its README says, to a few per cent', async () => {
    const readme = await readFile(fileURLToPath(new URL('../../agent/README.md', import.meta.url)), 'utf8');
    const said = Number(/(\d+) kB/.exec(readme)?.[1]) * 1_000;
    expect(Math.abs(said - sizeBytes) / sizeBytes).toBeLessThan(0.05);
  });
});

describe('the command line', () => {
  it.each([
    [[], 2],
    [['help'], 0],
    [['update'], 2],
    [['update', '--help'], 0],
    [['update', 'run', '--help'], 0],
    [['nothing'], 2],
    [['constructor'], 2],
    [['update', 'nothing'], 2],
    [['update', 'run', '--nothing'], 2],
    [['update', 'run', 'word'], 2],
    [['update', 'run', '--random-sleep', 'x', '--config', '/none'], 2],
    [['update', 'abort', '--release', '--discard-state'], 2],
    [['update', 'run', '--config', '/no/such/file'], 78],
  ])('%j ends with %i', async (words, code) => {
    expect((await typed(words)).code).toBe(code);
  });

  it('explains every command and option', async () => {
    for (const [name, command] of Object.entries(updateFamily().commands)) {
      const { out } = await typed(['update', name, '--help']);
      for (const option of Object.keys(command.options)) expect(out).toContain(`--${option}`);
      expect(out).toContain(command.summary);
    }
  });

  it('says a wrong configuration in JSON when asked to', async () => {
    const { out } = await typed(['update', 'check-config', '--json', '--config', '/no/such/file']);
    expect(JSON.parse(out)).toMatchObject({ outcome: 'configuration', exitCode: 78 });
  });

  it('knows misuse from trouble', () => {
    expect(new UsageProblem('x')).toBeInstanceOf(Error);
  });
});

describe('the exit codes', () => {
  it('are those of the operator’s page', async () => {
    const page = await readFile(fileURLToPath(new URL('../../docs/agent.md', import.meta.url)), 'utf8');
    const said = new Map([...page.matchAll(/^\| (\d+) \| ([^|]*) \|/gm)].map(([, code, kinds = '']) => [Number(code), kinds]));
    for (const [kind, code] of Object.entries(EXIT_CODES)) expect(said.get(code), `${kind} ${code}`).toContain(`\`${kind}\``);
  });
});

describe('the unit files', () => {
  it('start this program with its configuration, and after a reboot too', () => {
    const files = unitFiles({
      program: ['/usr/bin/node', '/opt/my agent.mjs'],
      configFile: '/etc/50%.ini',
      onCalendar: 'Mon 02:00',
      randomDelaySeconds: 60,
      user: false,
    });
    const command = 'ExecStart=/usr/bin/node "/opt/my agent.mjs" update run --quiet --config /etc/50%%.ini';
    expect(files['mirrortide-update.service']).toContain(`${command}\n`);
    expect(files['mirrortide-update-after-reboot.service']).toContain(`${command} --after-reboot\n`);
    expect(files['mirrortide-update-after-reboot.service']).toContain('WantedBy=multi-user.target');
    expect(files['mirrortide-update.timer']).toContain('OnCalendar=Mon 02:00\nRandomizedDelaySec=60\n');
  });

  it('are written where they are told, or only printed', async () => {
    const where = join(folder, 'units');
    expect(await typed(['update', 'install-units', '--directory', where, '--no-enable'])).toMatchObject({ code: 0 });
    expect((await readdir(where)).toSorted()).toEqual([
      'mirrortide-update-after-reboot.service',
      'mirrortide-update.service',
      'mirrortide-update.timer',
    ]);
    const { out } = await typed(['update', 'install-units', '--print', '--on-calendar', 'daily']);
    expect(out).toContain('OnCalendar=daily');
    expect(out).toContain('WantedBy=default.target');
  });
});

describe('an age', () => {
  it.each([
    ['2026-01-01T00:00:30.000Z', '0 min'],
    ['2025-12-31T22:59:30.000Z', '1 h 1 min'],
    ['2025-12-29T22:00:30.000Z', '2 d 2 h'],
    ['2027-01-01T00:00:00.000Z', '0 min'],
  ])('of %s is %s', (since, text) => {
    expect(age(since, Date.parse('2026-01-01T00:01:00.000Z'))).toBe(text);
  });
});
