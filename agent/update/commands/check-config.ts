import { accessSync, constants } from 'node:fs';
import type { Command, OptionValues, Terminal } from '../../cli/command.ts';
import { ConfigProblem } from '../config/config-problem.ts';
import type { UpdateConfig } from '../config/update-config.ts';
import { bootId } from '../host/boot-id.ts';
import { type Outcome, outcome } from '../workflow/outcome.ts';
import { CONFIG_OPTIONS } from './common-options.ts';
import { plannedFolders } from './dry-run.ts';
import { guarded } from './guarded.ts';
import { configOf } from './session.ts';

export const checkConfigCommand = (): Command => ({
  summary: 'Reads the configuration, says what is wrong with it and what it amounts to',
  details: ['Secrets are not shown. Exit code 0 or 78.'],
  options: CONFIG_OPTIONS,
  run: (options, terminal) => guarded(terminal, options['json'] === true, () => checkConfig(options, terminal)),
});

async function checkConfig(options: OptionValues, terminal: Terminal): Promise<Outcome> {
  const config = configOf(options, terminal);
  const shown = { ...config, service: withoutSecrets(config.service) };
  terminal.out(
    `${JSON.stringify(shown, (_key, value: unknown) => (value === Number.POSITIVE_INFINITY ? 'unlimited' : value), options['json'] === true ? 0 : 2)}\n`,
  );
  if (options['json'] !== true) for (const warning of config.warnings) terminal.err(`warning: ${warning}\n`);
  bootId(config.bootIdFile);
  for (const file of [
    config.service.clientCertificateFile,
    config.service.clientKeyFile,
    config.service.caFile,
    config.service.tokenFile,
  ])
    if (file !== undefined) requireReadable(file);
  const scripts = plannedFolders(config, terminal.userId).reduce((sum, folder) => sum + folder.scripts.length, 0);
  return outcome('finished', `${config.file} is good (${config.format}); ${scripts} scripts`);
}

function withoutSecrets(service: UpdateConfig['service']): UpdateConfig['service'] {
  const hidden = (value: string | undefined): string | undefined => (value === undefined ? undefined : '(set)');
  return { ...service, token: hidden(service.token), secret: hidden(service.secret) };
}

function requireReadable(file: string): void {
  try {
    accessSync(file, constants.R_OK);
  } catch (cause) {
    throw new ConfigProblem(`${file} cannot be read`, { cause });
  }
}
