import { expect, test } from 'vitest';
import { PUBLISH_LEASE_MS } from '#domain/volume/decide-volume.ts';
import type { UpdateVolumeDeps } from '../../../functions/update-volume/update-deps.ts';
import { useEmulators } from '../../support/emulators.ts';
import { Killed, killSwitch } from '../../support/killed-at.ts';
import { memoryUpstream } from '../../support/memory-upstream.ts';
import { type UpdateWorld, updateWorld } from '../../support/update-setup.ts';

const emulators = useEmulators();

/** The same, with a process that ends at the nth call of anything. */
const killedAt = (deps: UpdateVolumeDeps, at: number): UpdateVolumeDeps => {
  const { wrap } = killSwitch(at, 'after');
  const { http, lister } = deps.peers({} as never);
  return {
    ...deps,
    peers: () => ({ http: wrap(http), lister }),
    content: wrap(deps.content),
    volumes: wrap(deps.volumes),
    objects: wrap(deps.objects),
    dooms: wrap(deps.dooms),
    memory: wrap(deps.memory),
    checks: wrap(deps.checks),
    checkQueue: wrap(deps.checkQueue),
    intake: {
      open: async () => {
        const receiver = await deps.intake.open();
        const { write, store } = wrap(receiver);
        return { ...receiver, write, store };
      },
    },
  };
};

/** A run and its check, over and over, until there is nothing more to do; the runs that it took. */
const untilDone = async ({ update, check, clock }: UpdateWorld, deps?: UpdateVolumeDeps): Promise<number> => {
  for (let runs = 1; runs < 10; runs += 1) {
    clock.advance(1_000);
    const outcome = await update('user:ann', deps);
    await check();
    if (outcome.kind === 'updated' && (outcome.end === 'released' || outcome.end === 'unchanged')) return runs;
  }
  throw new Error('no end');
};

test('an update that is killed at any call and run again ends as if it had not been', { timeout: 120_000 }, async () => {
  const upstream = memoryUpstream();
  const page = (names: readonly string[]): string =>
    JSON.stringify({ name: 'h', files: names.map((filename) => ({ filename, url: `../files/${filename}`, hashes: {} })) });
  const it = await updateWorld(emulators, { type: 'pypi', upstream: { url: upstream.url, projects: ['h'] } }, () => ({
    http: upstream,
    lister: { list: () => Promise.reject(new Error('not asked')) },
  }));
  let at = 1;
  for (let isKilled = true; isKilled; at += 1) {
    // One is new each time, and one stays.
    const names = ['h-0.1.tar.gz', `h-${at}.0.tar.gz`];
    upstream.files.set('h/', page(names));
    for (const name of names) upstream.files.set(`files/${name}`, `the bytes of ${name}`);
    isKilled = await untilDone(it, killedAt(it.deps, at)).then(
      () => false,
      (error: unknown) => error instanceof Killed || Promise.reject(error),
    );
    // Nobody gave the lease back.
    it.clock.advance(PUBLISH_LEASE_MS);
    await it.check();
    await untilDone(it);
    const paths = [...(await it.entries()).keys()].filter((path) => path.startsWith('packages/'));
    expect({ at, paths }).toEqual({ at, paths: names.map((name) => `packages/h/${name}`) });
    expect(await it.text(paths[1] ?? '')).toBe(`the bytes of ${names[1]}`);
  }
  expect(at).toBeGreaterThan(30);
  const releases = await it.store.releases('v');
  expect(releases.map(({ state }) => state)).toEqual(['CURRENT', ...Array(at - 2).fill('SUPERSEDED')]);
});
