/** `npm test`: everything. The last line is `N passed, N failed, N skipped`; the exit code is 0 only when all of it is good. */
import { ensurePrograms } from './needed-programs.ts';
import { runStaticChecks } from './static-checks.ts';
import { runVitest } from './vitest-run.ts';

const missing = await ensurePrograms();
if (missing !== undefined) {
  console.error(`npm test needs programs that are not here. ${missing}`);
  console.log('0 passed, 1 failed, 0 skipped');
  process.exit(1);
}
const failed = await runStaticChecks();
// In CI everything that a test may need was installed above, so there nothing is skipped, whatever the reason.
const tests = await runVitest(['run', ...process.argv.slice(2)], { allowSkips: process.env['CI'] === undefined });
for (const problem of [...failed, ...tests.problems]) console.error(`failed: ${problem}`);
console.log(`${tests.passed} passed, ${tests.failed + failed.length} failed, ${tests.skipped} skipped`);
process.exitCode = failed.length + tests.problems.length === 0 ? 0 : 1;
