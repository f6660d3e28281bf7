/** `npm run check`: what can be known in under a minute, before the tests that start servers. */
import { runStaticChecks } from './static-checks.ts';
import { runVitest } from './vitest-run.ts';

const failed = await runStaticChecks();
const tests = await runVitest(['run', '--project', 'fast'], { allowSkips: true });
for (const problem of [...failed, ...tests.problems]) console.error(`failed: ${problem}`);
console.log(`${tests.passed} passed, ${tests.failed + failed.length} failed, ${tests.skipped} skipped`);
process.exitCode = failed.length + tests.problems.length === 0 ? 0 : 1;
