import { type Command, type OptionValues, type Terminal, textOption, UsageProblem } from '../../cli/command.ts';
import { type Outcome, outcome } from '../../update/workflow/outcome.ts';
import { categoryOf } from '../config/sync-config.ts';
import { guardedSync } from './guarded-sync.ts';
import { briefSession } from './session.ts';
import { CATEGORY_OPTION, SERVICE_OPTIONS } from './sync-options.ts';

const SUMMARIES = {
  hold: 'Takes a host out of service at once and keeps it out, whatever a check says',
  release: 'Lets a host that is held be verified, and return',
} as const;

/** For operators, with their own token: an admin of the host's site, or of the network. */
export const operateCommand = (action: 'hold' | 'release'): Command => ({
  summary: SUMMARIES[action],
  details: ['The token file holds the token of an operator; --host names the host. The reason is kept in the history.'],
  options: {
    ...SERVICE_OPTIONS,
    ...CATEGORY_OPTION,
    reason: { type: 'string', help: 'TEXT  why' },
  },
  run: (options, terminal) => guardedSync(terminal, options['json'] === true, () => operate(action, options, terminal)),
});

async function operate(action: 'hold' | 'release', options: OptionValues, terminal: Terminal): Promise<Outcome> {
  const reason = textOption(options, 'reason')?.trim() ?? '';
  if (reason === '') throw new UsageProblem('--reason is missing: whoever wonders tomorrow will want to know');
  const { config, service } = briefSession(options, terminal);
  const reply = await service.operate(action, categoryOf(config), reason);
  switch (reply.kind) {
    case 'sync':
      return outcome('finished', `${config.host}/${categoryOf(config)}: ${reply.sync.state}`);
    case 'lost':
    case 'refused':
      return outcome('refused', `the service refuses: ${reply.reason}`);
    case 'unavailable':
      return outcome('unavailable', `the service cannot be reached: ${reply.reason}`);
  }
}
