import { type Command, numberOption, type OptionValues, type Terminal, textOption } from '../../cli/command.ts';
import { parseDateConstraint } from '../config/date-constraint.ts';
import type { StateCalls } from '../state/state-file.ts';
import { runUpdate } from '../workflow/run-update.ts';
import { CONFIG_OPTIONS, RUN_OPTIONS } from './common-options.ts';
import { dryRun } from './dry-run.ts';
import { guarded } from './guarded.ts';
import { withSession } from './session.ts';

const DAY_SECONDS = 86_400;
const SECOND_MS = 1_000;

export const runCommand = (stateCalls?: StateCalls): Command => ({
  summary: 'Updates this host under the lock, or goes on with the update that is under way',
  details: [
    'Exit codes: 0 done, nothing to do, or a reboot is on its way; 1 a script failed, the lock is kept; 2 wrong usage;',
    '3 an operator must decide; 4 the lock was lost; 69 no service; 74 trouble on this host; 75 no lock yet, or another',
    'agent at work; 77 refused by the service; 78 wrong configuration; 143 stopped by a signal.',
  ],
  options: {
    ...CONFIG_OPTIONS,
    ...RUN_OPTIONS,
    'after-reboot': { type: 'boolean', help: 'started by the init system: only goes on after a reboot of ours' },
    'date-constraint': {
      type: 'string',
      help: 'N:DAY  begin only on the Nth such weekday of the month, as in 3:Fri or 1:Mon,3:Mon',
    },
    'random-sleep': { type: 'string', help: 'SECONDS  wait up to so long before beginning' },
    wait: { type: 'boolean', help: 'wait for the lock' },
    'no-wait': { type: 'boolean', help: 'ask for the lock once' },
    'dry-run': { type: 'boolean', help: 'show what would be done; runs nothing and takes no lock' },
  },
  run: (options, terminal) => guarded(terminal, options['json'] === true, () => run(options, terminal, stateCalls)),
});

async function run(options: OptionValues, terminal: Terminal, stateCalls: StateCalls | undefined) {
  const constraint = textOption(options, 'date-constraint');
  if (constraint !== undefined) parseDateConstraint(constraint);
  const sleepSeconds = numberOption(options, 'random-sleep', DAY_SECONDS);
  if (options['dry-run'] === true) return dryRun(options, terminal);
  return withSession(options, terminal, stateCalls, (context) =>
    runUpdate(context, {
      afterReboot: options['after-reboot'] === true,
      resume: 'no',
      dateConstraint: constraint ?? context.config.dateConstraint,
      randomSleepMs: sleepSeconds === undefined ? context.config.randomSleepMs : sleepSeconds * SECOND_MS,
    }),
  );
}
