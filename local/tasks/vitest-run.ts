import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runStep } from './run-step.ts';

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Reasons for which the run does not count as good; empty when it does. */
  readonly problems: readonly string[];
}

/** The part of vitest's JSON report that is read here. */
interface VitestReport {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** A skip is argued in the test's title: `… [skipped: no IPv6 here]`. */
const SKIP_REASON = /\[skipped: [^\]]{3,}\]/;

/** Counts tests. A file that could not be loaded counts as one failed test: its tests are unknown, not passed. */
export function countTests(report: VitestReport, allowSkips: boolean): TestCounts {
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const unloaded = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  const failed = tests.filter((test) => test.status === 'failed').length + unloaded.length;
  const passed = tests.filter((test) => test.status === 'passed').length;
  const skips = tests.filter((test) => test.status !== 'failed' && test.status !== 'passed');
  const unargued = skips.filter((test) => !(allowSkips && SKIP_REASON.test(test.fullName)));
  const problems = [
    ...(failed > 0 ? [`${failed} tests failed`] : []),
    ...(passed === 0 ? ['not one test ran'] : []),
    ...(failed === 0 && !report.success ? ['vitest reports an error outside the tests'] : []),
    ...unargued.map((test) => `skipped, and should run: ${test.fullName}`),
  ];
  return { passed, failed, skipped: skips.length, problems };
}

/** Runs vitest with its own output on the terminal and counts from its JSON report. */
export async function runVitest(args: readonly string[], options: { readonly allowSkips: boolean }): Promise<TestCounts> {
  const folder = await mkdtemp(join(tmpdir(), 'mirrortide-report-'));
  const file = join(folder, 'report.json');
  try {
    const exitCode = await runStep('vitest', [...args, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`]);
    const counts = countTests(JSON.parse(await readFile(file, 'utf8')) as VitestReport, options.allowSkips);
    if (exitCode === 0 || counts.problems.length > 0) return counts;
    return { ...counts, problems: [`vitest ended with code ${exitCode}`] };
  } catch (error) {
    return { passed: 0, failed: 1, skipped: 0, problems: [`vitest left no report: ${String(error)}`] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
