import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../agent/cli/run-command-line.ts';
import { updateFamily } from '../../agent/update/update-family.ts';
import { runProgram } from '../support/run-program.ts';

/** What systemd itself says of the units that the agent installs. It reads files only: no systemd has to run here. */
const ROOT = 0;
const SOMEBODY = 1_000;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-units-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const install = async (program: readonly string[], userId: number, words: readonly string[]): Promise<readonly string[]> => {
  const units = join(folder, 'units');
  const quiet = { out: () => undefined, err: () => undefined };
  const terminal = { ...quiet, environment: {}, userId, program };
  const code = await runCommandLine(
    { update: updateFamily() },
    ['update', 'install-units', '--directory', units, '--no-enable', ...words],
    terminal,
  );
  expect(code).toBe(0);
  return (await readdir(units)).map((name) => join(units, name));
};

/** Its exit code and its complaints. Mistakes that it only ignores, an unknown key for instance, do not change the exit code. */
const verify = async (units: readonly string[], scope: readonly string[] = []) => {
  const env = { XDG_RUNTIME_DIR: folder };
  const ran = await runProgram('systemd-analyze', [...scope, 'verify', '--man=no', ...units], { env, debianPackage: 'systemd' });
  return { exitCode: ran.exitCode, said: `${ran.stdout}${ran.stderr}`.trim() };
};
const GOOD = { exitCode: 0, said: '' };

/** A Node and an agent at places whose names systemd would take apart. */
const awkwardProgram = async (): Promise<readonly string[]> => {
  const place = join(folder, '50% of $HOME');
  await mkdir(place);
  await symlink(process.execPath, join(place, 'node'));
  await writeFile(join(place, 'an "agent".mjs'), '');
  return [join(place, 'node'), join(place, 'an "agent".mjs')];
};

describe('the units', () => {
  it.each([
    ['root', ROOT, []],
    ['somebody', SOMEBODY, ['--user']],
  ] as const)('of %s are good units to systemd', async (_who, userId, scope) => {
    const units = await install([process.execPath, '/usr/local/bin/mirrortide'], userId, []);
    expect(units).toHaveLength(3);
    expect(await verify(units, scope)).toEqual(GOOD);
  });

  it('are good units with every choice and awkward names', async () => {
    const choices = ['--config', join(folder, 'an "update" 5%.ini'), '--on-calendar', '*-*-1..7 03:00', '--random-delay', '0'];
    expect(await verify(await install(await awkwardProgram(), ROOT, choices))).toEqual(GOOD);
  });

  it('would be refused here if the program were not there, a key unknown or the calendar wrong', async () => {
    const units = await install([join(folder, 'none'), 'agent.mjs'], ROOT, []);
    expect(await verify(units)).toMatchObject({ exitCode: 1, said: expect.stringContaining('is not executable') });
    const misspelt = await install([process.execPath, 'agent.mjs'], ROOT, []);
    for (const unit of misspelt) await writeFile(unit, (await readFile(unit, 'utf8')).replace('KillMode', 'KillMood'));
    expect(await verify(misspelt)).toMatchObject({ said: expect.stringContaining('KillMood') });
    const calendar = await install([process.execPath, 'agent.mjs'], ROOT, ['--on-calendar', 'Someday']);
    expect((await verify(calendar)).exitCode).toBe(1);
  });
});
