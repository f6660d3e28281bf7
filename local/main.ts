/** `npm start`: the whole system on this machine. */
import { HELP, parseOptions } from './options.ts';
import { startMirrortide } from './start.ts';
import { StartProblem } from './start-problem.ts';
import { stopSignal } from './stop-signal.ts';

const parent = Number(process.env['MIRRORTIDE_PARENT_PID']);
const parsed = parseOptions(process.argv.slice(2), process.env['MIRRORTIDE_CWD'] ?? process.cwd());
if (parsed.kind === 'help') {
  process.stdout.write(HELP);
} else if (parsed.kind === 'wrong') {
  process.stderr.write(`mirrortide: ${parsed.problem}\nnpm start -- --help lists the options.\n`);
  process.exitCode = 2;
} else {
  const stop = stopSignal(Number.isInteger(parent) && parent > 0 ? parent : undefined);
  try {
    process.exitCode = await startMirrortide(parsed.options, stop.signal);
  } catch (error) {
    const reason =
      error instanceof StartProblem ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`mirrortide: ${reason}\n`);
    process.exitCode = 1;
  }
  // Whatever is left, an idle connection of a client for instance, must not hold the terminal.
  process.exit();
}
