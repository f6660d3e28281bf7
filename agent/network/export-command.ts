import { printNetworkFile } from '#wire/network-file/print-network-file.ts';
import { printYaml } from '#wire/network-file/print-yaml.ts';
import type { Command } from '../cli/command.ts';
import type { Waiting } from './ask-service.ts';
import { EXIT_CODE_LINES, EXIT_CODES } from './exit-code.ts';
import { SERVICE_OPTIONS, serviceConfig } from './network-options.ts';
import { networkService } from './network-service.ts';
import { readNetwork } from './read-network.ts';

/** `mirrortide export`: the network as a file that `apply` finds nothing to change with. */
export const exportCommand = (waiting: Waiting): Command => ({
  summary: 'Prints the network that a service has as a network file',
  details: [
    'The file goes to standard output, as YAML. Keys that say what holds anyway are left out. Directories of masters are absolute.',
    'apply finds nothing to change with it.',
    ...EXIT_CODE_LINES,
  ],
  options: { ...SERVICE_OPTIONS, json: { type: 'boolean', help: 'as JSON' } },
  run: async (options, terminal) => {
    const read = await readNetwork(networkService(serviceConfig(options, terminal.environment), waiting));
    if (read.kind !== 'ok') {
      terminal.err(`mirrortide: the service: ${read.reason}\n`);
      return read.kind === 'refused' ? EXIT_CODES.refused : EXIT_CODES.failed;
    }
    const document = printNetworkFile(read.inventory);
    terminal.out(options['json'] === true ? `${JSON.stringify(document, undefined, 2)}\n` : printYaml(document));
    return EXIT_CODES.done;
  },
});
