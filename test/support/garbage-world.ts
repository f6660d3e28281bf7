import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import { changeVolumes } from '#adapters/aws/change-volumes.ts';
import { dynamoUpstreamChecks } from '#adapters/aws/dynamo-upstream-checks.ts';
import { dynamoVolumeDooms } from '#adapters/aws/dynamo-volume-dooms.ts';
import { dynamoVolumeStore } from '#adapters/aws/dynamo-volume-store.ts';
import { dynamoVolumeSweeps } from '#adapters/aws/dynamo-volume-sweeps.ts';
import { s3VolumeGarbage } from '#adapters/aws/s3-volume-garbage.ts';
import { s3VolumeObjects } from '#adapters/aws/s3-volume-objects.ts';
import { Fault } from '#domain/errors.ts';
import type { Clock } from '#ports/clock.ts';
import type { UpstreamChecks } from '#ports/upstream-checks.ts';
import type { VolumeDooms } from '#ports/volume-dooms.ts';
import type { StoredObject, VolumeGarbage } from '#ports/volume-garbage.ts';
import type { VolumeObjects } from '#ports/volume-objects.ts';
import type { VolumeStore } from '#ports/volume-store.ts';
import type { VolumeSweeps } from '#ports/volume-sweeps.ts';
import { freshBucket, freshTable, quickRetries } from '../contract/places.ts';
import type { EmulatorsInTest } from './emulators.ts';
import { type FaultPlan, injectFaults } from './fault-injection.ts';
import { Killed } from './killed-at.ts';
import { memoryVolumeDooms, memoryVolumeObjects, memoryVolumeStore, memoryVolumeSweeps } from './memory-volumes.ts';
import { type Turns, turns } from './turns.ts';

/**
 * The process ends at its nth call: before that reached the other side, or after it did and only the answer was lost. Or the call
 * fails so, and the process lives on.
 */
export interface Mishap {
  readonly call: number;
  readonly side: 'before' | 'after';
  readonly how: 'death' | 'fault';
}

/** A call of one actor, at its turn; once it died it makes none any more. */
type Act = <Result>(call: () => Promise<Result>) => Promise<Result>;

/** Every so many writes are done and their replies lost, below the SDK's retries. */
const lossy: FaultPlan = ({ command, number }) =>
  number % 19 === 0 && /^(TransactWriteItems|PutItem|DeleteItem|PutObject)Command$/.test(command)
    ? { kind: 'reply-lost' }
    : undefined;

const EVERY_REMOVAL_THAT_IS_LATE = 4;
/** They take their turns as somebody of their own. */
const LATE = 'a late request';

type Next = (args: object) => Promise<object>;

/** Some requests to remove get no answer, are sent again, and arrive some time after that. */
const lateRemovals = (client: S3Client, take: Turns, late: Promise<unknown>[]): void => {
  let removals = 0;
  const middleware =
    (next: Next, { commandName }: { commandName?: string }) =>
    async (args: object) => {
      if (commandName === 'DeleteObjectCommand') removals += 1;
      if (commandName !== 'DeleteObjectCommand' || removals % EVERY_REMOVAL_THAT_IS_LATE !== 1) return next(args);
      late.push(take(LATE, () => next(args)));
      throw Object.assign(new Error('socket hang up (injected)'), { code: 'ECONNRESET' });
    };
  // biome-ignore lint/suspicious/noExplicitAny: the client types its stack by all of its commands
  client.middlewareStack.add(middleware as any, { step: 'finalizeRequest', name: 'lateRemovals', priority: 'low' });
};

const mortal = (actor: string, take: Turns, mishap: Mishap | undefined): Act => {
  let calls = 0;
  let isDead = false;
  const suffer = (): never => {
    if (mishap?.how === 'fault') throw new Fault('no answer');
    isDead = true;
    throw new Killed(actor);
  };
  return (call) => {
    calls += 1;
    const isLast = calls === mishap?.call;
    return take(actor, async () => {
      if (isDead || (isLast && mishap?.side === 'before')) return suffer();
      const answer = await call();
      return isLast ? suffer() : answer;
    });
  };
};

const acting = <Port extends object>(port: Port, act: Act): Port =>
  new Proxy(port, {
    get: (target, name) => {
      const member = (target as Readonly<Record<string | symbol, unknown>>)[name];
      return typeof member === 'function' ? (...given: unknown[]) => act(async () => member.apply(target, given)) : member;
    },
  });

async function* pagesAtOnce(act: Act, pages: AsyncIterable<readonly StoredObject[]>) {
  yield* await act(async () => {
    const found: (readonly StoredObject[])[] = [];
    for await (const page of pages) found.push(page);
    return found;
  });
}

export interface GarbagePorts {
  readonly store: VolumeStore;
  readonly dooms: VolumeDooms;
  readonly sweeps: VolumeSweeps;
  readonly upstreams: Pick<UpstreamChecks, 'readAll'>;
  readonly objects: VolumeObjects;
  readonly garbage: VolumeGarbage;
}

/** What a world is made of. */
interface Backend {
  /** Dooms count by the clock of whoever asks. */
  readonly open: (own: Clock) => GarbagePorts;
  readonly close: () => Promise<void>;
}

/** How a backend may send requests that arrive after they were given up. */
interface Lateness {
  readonly take: Turns;
  readonly late: Promise<unknown>[];
}

export type MakeBackend = (lateness: Lateness) => Promise<Backend>;

/** A table and a bucket of their own, with replies that get lost on the way. */
export const onEmulators =
  (emulators: EmulatorsInTest): MakeBackend =>
  async ({ take, late }) => {
    const [dynamo, s3] = [emulators.dynamoDb(quickRetries()), emulators.s3(quickRetries())];
    const table = await freshTable(emulators.dynamoDb(), emulators.freshName('volumes'), 'pk', 'sk');
    const bucket = { client: s3, name: await freshBucket(emulators) };
    injectFaults(dynamo, lossy);
    injectFaults(s3, lossy);
    lateRemovals(s3, take, late);
    return {
      open: (own) => ({
        store: dynamoVolumeStore(dynamo, table),
        dooms: dynamoVolumeDooms(dynamo, table, own),
        sweeps: dynamoVolumeSweeps(dynamo, table),
        upstreams: dynamoUpstreamChecks(dynamo, table),
        objects: s3VolumeObjects(bucket),
        garbage: s3VolumeGarbage(bucket),
      }),
      close: async () => {
        await emulators.dynamoDb().send(new DeleteTableCommand({ TableName: table }));
        for (const client of [dynamo, s3]) client.destroy();
      },
    };
  };

/** Without anything to lose but the requests to remove, so that there can be thousands of histories. */
export const inMemory: MakeBackend = async ({ take, late }) => {
  const [store, sweeps, objects, dooms] = [memoryVolumeStore(), memoryVolumeSweeps(), memoryVolumeObjects(), new Map()];
  let removals = 0;
  const remove = async (sha256: string) => {
    removals += 1;
    const isLate = removals % EVERY_REMOVAL_THAT_IS_LATE === 1;
    if (isLate) late.push(take(LATE, () => objects.remove(sha256)));
    await objects.remove(sha256);
    return isLate ? ('uncertain' as const) : ('removed' as const);
  };
  const upstreams = { readAll: async () => new Map() };
  const garbage = { list: objects.list, remove };
  return {
    open: (own) => ({ store, sweeps, objects, upstreams, garbage, dooms: memoryVolumeDooms(own, dooms) }),
    close: async () => undefined,
  };
};

/** The ports as an actor sees them. A change is made of the calls that it takes. */
const actingPorts = (ports: GarbagePorts, act: Act): GarbagePorts => {
  const { volumes, pointer, release, releases, log, write } = acting(ports.store, act);
  return {
    store: { volumes, pointer, release, releases, log, write, change: changeVolumes({ pointer, release, write }) },
    dooms: acting(ports.dooms, act),
    sweeps: acting(ports.sweeps, act),
    upstreams: acting(ports.upstreams, act),
    objects: acting(ports.objects, act),
    garbage: {
      list: (prefix) => pagesAtOnce(act, ports.garbage.list(prefix)),
      remove: (sha256) => act(() => ports.garbage.remove(sha256)),
    },
  };
};

/** Where a history happens. */
export const garbageWorld = async (make: MakeBackend, clock: Clock, seed: number) => {
  const take = turns(seed);
  const late: Promise<unknown>[] = [];
  const { open, close } = await make({ take, late });
  return {
    /** As somebody sees it who acts in turn with others, and may die. */
    actor: (actor: string, mishap: Mishap | undefined, own: Clock) => actingPorts(open(own), mortal(actor, take, mishap)),
    /** As somebody sees it who is alone. */
    alone: open(clock),
    /** When all requests that were under way have arrived. */
    quiet: async () => {
      await Promise.all(late.splice(0));
    },
    close,
  };
};

export type GarbageWorld = Awaited<ReturnType<typeof garbageWorld>>;
