import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Command, numberOption, type OptionValues, type Terminal, textOption } from '../../cli/command.ts';
import { type Outcome, outcome } from '../workflow/outcome.ts';
import { guarded } from './guarded.ts';
import { AFTER_REBOOT_UNIT, TIMER_UNIT, unitFiles } from './unit-files.ts';

const DAY_SECONDS = 86_400;
const DEFAULT_DELAY_SECONDS = 1_800;

export const installUnitsCommand = (): Command => ({
  summary: 'Writes the systemd units, the timer and the after-reboot unit, and enables them',
  details: ['As root in /etc/systemd/system, otherwise in ~/.config/systemd/user (loginctl enable-linger keeps those running).'],
  options: {
    config: { type: 'string', help: 'FILE  the configuration that the units name' },
    'on-calendar': { type: 'string', help: 'WHEN  of the timer, see systemd.time(7); without it Mon..Thu 02:00' },
    'random-delay': { type: 'string', help: 'SECONDS  spread over so long; without it 1800' },
    directory: { type: 'string', help: 'FOLDER  write here instead' },
    'no-enable': { type: 'boolean', help: 'only write the files' },
    print: { type: 'boolean', help: 'only print them' },
    json: { type: 'boolean', help: 'write JSON instead of text' },
  },
  run: (options, terminal) => guarded(terminal, options['json'] === true, () => install(options, terminal)),
});

async function install(options: OptionValues, terminal: Terminal): Promise<Outcome> {
  const user = terminal.userId !== 0;
  const configFile = textOption(options, 'config');
  const files = unitFiles({
    program: terminal.program,
    configFile: configFile === undefined ? undefined : resolve(configFile),
    onCalendar: textOption(options, 'on-calendar') ?? 'Mon..Thu 02:00',
    randomDelaySeconds: numberOption(options, 'random-delay', DAY_SECONDS) ?? DEFAULT_DELAY_SECONDS,
    user,
  });
  if (options['print'] === true) {
    for (const [name, text] of Object.entries(files)) terminal.out(`# ${name}\n${text}\n`);
    return outcome('finished', 'nothing was written');
  }
  const folder = textOption(options, 'directory') ?? (user ? join(homedir(), '.config/systemd/user') : '/etc/systemd/system');
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  if (options['no-enable'] === true) return outcome('finished', `${Object.keys(files).join(', ')} written to ${folder}`);
  return enable(user, folder);
}

function enable(user: boolean, folder: string): Outcome {
  const scope = user ? ['--user'] : [];
  for (const args of [['daemon-reload'], ['enable', AFTER_REBOOT_UNIT], ['enable', '--now', TIMER_UNIT]]) {
    const ran = spawnSync('systemctl', [...scope, ...args], { encoding: 'utf8', timeout: 60_000 });
    if (ran.error !== undefined || ran.status !== 0)
      return outcome(
        'host_problem',
        `units written to ${folder}, but systemctl ${args.join(' ')} failed: ${ran.error?.message ?? ran.stderr.trim()}`,
      );
  }
  return outcome('finished', `units written to ${folder}; the timer runs, and the after-reboot unit is enabled`);
}
