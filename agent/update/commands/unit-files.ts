export interface UnitChoices {
  /** Program and arguments before `update run`. */
  readonly program: readonly string[];
  readonly configFile: string | undefined;
  /** systemd.time(7), such as `Mon..Thu 02:00`. */
  readonly onCalendar: string;
  readonly randomDelaySeconds: number;
  readonly user: boolean;
}

export const SERVICE_UNIT = 'mirrortide-update.service';
export const TIMER_UNIT = 'mirrortide-update.timer';
export const AFTER_REBOOT_UNIT = 'mirrortide-update-after-reboot.service';

/**
 * The three unit files by name. `KillMode=mixed`: on stop the agent ends its script itself, and systemd ends what is left. The
 * after-reboot unit tries again when the service or the network is not there yet (69, 75), and not when an operator is needed.
 */
export function unitFiles(choices: UnitChoices): Readonly<Record<string, string>> {
  const config = choices.configFile === undefined ? [] : ['--config', choices.configFile];
  const command = [...choices.program, 'update', 'run', '--quiet', ...config].map(quoted).join(' ');
  const online = choices.user ? '' : 'Wants=network-online.target\nAfter=network-online.target\n';
  return {
    [SERVICE_UNIT]: `[Unit]
Description=Update this host under the fleet's lock
Documentation=man:systemd.service(5)
${online}
[Service]
Type=oneshot
ExecStart=${command}
KillMode=mixed
TimeoutStartSec=infinity
TimeoutStopSec=30
# No lock yet is not a failure: the timer comes again.
SuccessExitStatus=75
`,
    [TIMER_UNIT]: `[Unit]
Description=Update this host regularly

[Timer]
OnCalendar=${choices.onCalendar}
RandomizedDelaySec=${choices.randomDelaySeconds}
Persistent=true

[Install]
WantedBy=timers.target
`,
    [AFTER_REBOOT_UNIT]: `[Unit]
Description=Finish the update that rebooted this host
${online}StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=${command} --after-reboot
KillMode=mixed
TimeoutStartSec=infinity
TimeoutStopSec=30
Restart=on-failure
RestartSec=120
RestartPreventExitStatus=1 2 3 4 74 77 78 143

[Install]
WantedBy=${choices.user ? 'default.target' : 'multi-user.target'}
`,
  };
}

/** systemd.service(5), "Command lines": double quotes keep blanks, % is doubled; so is $, but not in the program's own path. */
function quoted(word: string, index: number): string {
  const specifiers = word.replaceAll('%', '%%');
  const text = index === 0 ? specifiers : specifiers.replaceAll('$', '$$$$');
  return /^[A-Za-z0-9_@:./%$=+-]+$/.test(text) ? text : `"${text.replace(/[\\"]/g, '\\$&')}"`;
}
