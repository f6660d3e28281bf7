#!/usr/bin/env node
// The first file of every npm script. Plain JavaScript without dependencies: it runs on any Node from 20 on, before anything is
// installed. It installs what is missing, finds the Node version that the Lambda runtime has, and hands over to it.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OLDEST_NODE = 20;
/** TypeScript without a compile step, and the Lambda runtime's own major version. */
const NEEDED_NODE = 24;
const USAGE_EXIT = 2;
const PARENT_POLL_MS = 500;

/** Entry of each command, and whether the development tools must be there too. */
const COMMANDS = {
  start: { tools: false, entry: () => ['local/main.ts'] },
  test: { tools: true, entry: () => ['local/tasks/run-tests.ts'] },
  check: { tools: true, entry: () => ['local/tasks/run-checks.ts'] },
  bench: { tools: true, entry: benchEntry },
  synth: { tools: true, entry: () => ['node_modules/aws-cdk/bin/cdk', 'synth', '--quiet', '--no-notices'] },
  apply: { tools: false, entry: () => ['local/apply-network.ts'] },
  'build:agent': { tools: false, entry: () => ['local/build-agent.ts'] },
  deploy: { tools: true, entry: () => ['node_modules/aws-cdk/bin/cdk', 'deploy'] },
};

function fail(message, exitCode) {
  process.stderr.write(`mirrortide: ${message}\n`);
  process.exit(exitCode);
}

function benchEntry(args) {
  const names = benchNames();
  const name = args.shift();
  if (name !== undefined && names.includes(name)) return [`bench/${name}.ts`];
  const problem = name === undefined ? 'which benchmark?' : `there is no benchmark "${name}".`;
  return fail(`${problem} npm run bench -- NAME [--json], NAME is one of: ${names.join(', ') || '(none yet)'}`, USAGE_EXIT);
}

/** A benchmark is a file directly in bench/; what several of them share stands in folders below. */
function benchNames() {
  const folder = join(ROOT, 'bench');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .sort();
}

/** Packages by their place in node_modules, from a lock file; an empty table when there is none. */
function lockedPackages(file) {
  try {
    return JSON.parse(readFileSync(join(ROOT, file), 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}

/**
 * True when every package that this command needs is there in the locked version. npm writes node_modules/.package-lock.json at
 * the end of an install, so an interrupted one counts as none. Optional packages depend on the platform and are not asked for.
 */
function isInstalled(tools) {
  const wanted = lockedPackages('package-lock.json');
  const present = lockedPackages('node_modules/.package-lock.json');
  return Object.entries(wanted).every(([place, locked]) => {
    if (place === '' || locked.optional || locked.devOptional || (locked.dev && !tools)) return true;
    return present[place]?.version === locked.version && present[place]?.integrity === locked.integrity;
  });
}

function install(tools) {
  const what = tools ? 'the packages and the development tools' : 'the packages';
  process.stderr.write(`mirrortide: installing ${what} that package-lock.json names (once; npm ci) ...\n`);
  const npm = process.env.npm_execpath;
  const args = [
    'ci',
    tools ? '--include=dev' : '--omit=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  const started = Date.now();
  // npm's own chatter must not be mistaken for the output of the command, --json for instance.
  const options = { cwd: ROOT, stdio: ['ignore', process.stderr, process.stderr] };
  const ran =
    npm?.endsWith('.js') && existsSync(npm)
      ? spawnSync(process.execPath, [npm, ...args], options)
      : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
  if (ran.error) fail(`npm could not be run: ${ran.error.message}`, 1);
  if (ran.status !== 0) fail('npm ci failed; its messages stand above. Nothing was started.', ran.status ?? 1);
  process.stderr.write(`mirrortide: installed in ${Math.round((Date.now() - started) / 1000)} s\n`);
}

function majorVersion(program) {
  const ran = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return ran.status === 0 ? Number.parseInt(ran.stdout.replace(/^v/, ''), 10) : 0;
}

/** The locked Node when the platform has one and it runs (an old glibc may refuse it), else the Node that runs this file. */
function findNode() {
  const locked = join(
    ROOT,
    'node_modules',
    `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  if (existsSync(locked) && majorVersion(locked) >= NEEDED_NODE) return locked;
  if (Number.parseInt(process.versions.node, 10) >= NEEDED_NODE) return process.execPath;
  return fail(
    `Node ${NEEDED_NODE} or newer is needed, and npm has no ready one for ${process.platform}-${process.arch} here ` +
      `(this is ${process.versions.node}). Install Node ${NEEDED_NODE} from https://nodejs.org and run the command again.`,
    1,
  );
}

function run(node, args) {
  const bin = join(ROOT, 'node_modules', '.bin');
  const child = spawn(node, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: `${join(node, '..')}${delimiter}${bin}${delimiter}${process.env.PATH ?? ''}`,
      MIRRORTIDE_PARENT_PID: String(process.pid),
      // Paths that people type are relative to where they stand, not to the repository.
      MIRRORTIDE_CWD: process.env.INIT_CWD ?? process.cwd(),
      CDK_DISABLE_CLI_TELEMETRY: 'true',
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // A terminal sends SIGINT to the whole group already; the child takes signals in quick succession as one.
    process.on(signal, () => child.kill(signal));
  }
  // npm hands SIGTERM to its shell, which dies of it and tells nobody.
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event !== undefined) {
    const orphaned = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(orphaned);
      child.kill('SIGTERM');
    }, PARENT_POLL_MS);
  }
  child.on('error', (error) => fail(`${node} could not be run: ${error.message}`, 1));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

const [command = '', ...args] = process.argv.slice(2);
const known = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
if (known === undefined) fail(`usage: node local/bootstrap.mjs ${Object.keys(COMMANDS).join('|')} [arguments]`, USAGE_EXIT);
if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  fail(`Node ${OLDEST_NODE} or newer is needed; this is ${process.versions.node}.`, 1);
}
const entry = known.entry(args);
if (!isInstalled(known.tools)) install(known.tools);
run(findNode(), [...entry, ...args]);
