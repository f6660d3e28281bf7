import { runStep } from './run-step.ts';

interface StaticCheck {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** typescript 7 is the compiler; `typescript` 5 stays beside it because dependency-cruiser needs its programming interface. */
const COMPILER = 'node_modules/typescript-native/bin/tsc';

const STATIC_CHECKS: readonly StaticCheck[] = [
  { name: 'format and lint', command: 'biome', args: ['check', '--error-on-warnings'] },
  { name: 'types', command: 'node', args: [COMPILER, '--noEmit'] },
  { name: 'the domain is pure', command: 'node', args: [COMPILER, '-p', 'shared/domain'] },
  { name: 'architecture', command: 'depcruise', args: ['shared', 'functions', 'infra', 'local', 'bench', 'agent', '-T', 'err'] },
];

/** Runs every static check, also after a failed one; returns the names of those that failed. */
export async function runStaticChecks(): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const check of STATIC_CHECKS) {
    console.log(`\n> ${check.name}: ${check.command} ${check.args.join(' ')}`);
    if ((await runStep(check.command, check.args)) !== 0) failed.push(check.name);
  }
  return failed;
}
