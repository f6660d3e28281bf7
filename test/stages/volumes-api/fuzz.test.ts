import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openApiDocument } from '../../../functions/admin-api/openapi/openapi-document.ts';
import { ROUTES } from '../../../functions/volumes-api/routes.ts';
import { useEmulators } from '../../support/emulators.ts';
import { type GarbagePlan, sendGarbage, strangeClaims } from '../../support/garbage-calls.ts';
import { publisher } from '../../support/publish-release.ts';
import { claimsOf, type Person, type VolumesSetup, volumesSetup } from '../../support/volumes-setup.ts';

const emulators = useEmulators();
const REQUESTS = 1_000;

/** Two releases of a volume, and what is in its tree. */
const withReleases = async (): Promise<{ readonly setup: VolumesSetup; readonly roots: readonly string[] }> => {
  const setup = await volumesSetup(emulators);
  const roots: string[] = [];
  for (const name of ['one', 'two']) {
    const { root } = await publisher(setup, 'tools').publish({ a: name });
    await setup.ask('bob', 'POST', '/volumes/tools/release', { release: root });
    roots.push(root);
  }
  return { setup, roots };
};

const planOf = (roots: readonly string[], people: readonly Person[], spoil: GarbagePlan['spoil']): GarbagePlan => ({
  document: openApiDocument(),
  endpoints: ROUTES.flatMap(({ path, methods }) => Object.keys(methods).map((method) => ({ path, method }))),
  knownParts: { volume: ['tools', 'docs', 'copy'], release: [...roots, 'current', 'previous', '1'], sha256: roots },
  queries: ['limit=5', 'limit=-1', 'before=3', 'before=%ff', 'mode=done', 'mode=x', 'dryRun=true'],
  claims: fc.oneof({ arbitrary: fc.constantFrom(...people).map(claimsOf), weight: 12 }, { arbitrary: strangeClaims, weight: 1 }),
  spoil,
  soundShare: 0.5,
});

/** Roots that are there, in the place of those that a schema makes up. */
const withRoots = (roots: readonly string[]) => (body: unknown) =>
  JSON.parse(JSON.stringify(body), (_, value: unknown) =>
    typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? roots[value.charCodeAt(0) % roots.length] : value,
  ) as unknown;

test(`${REQUESTS} requests of people without rights are answered, and write nothing`, { timeout: 120_000 }, async () => {
  const { setup, roots } = await withReleases();
  const before = await setup.contents();
  const plan = planOf(roots, ['carol', 'dan', 'dan', 'nobody'], withRoots(roots));
  const { statuses, faults } = await sendGarbage(plan, REQUESTS, setup.send);
  expect(setup.logged).toEqual([]);
  expect(faults).toEqual([]);
  expect(await setup.contents()).toBe(before);
  expect(setup.queued).toEqual([]);
  expect(statuses.get(403) ?? 0).toBeGreaterThan(REQUESTS / 10);
});

test(`${REQUESTS} requests of people who may are answered with what is wrong with them, or done`, {
  timeout: 120_000,
}, async () => {
  const { setup, roots } = await withReleases();
  const plan = planOf(roots, ['wendy', 'wendy', 'wendy', 'ann', 'bob', 'eve'], withRoots(roots));
  const { statuses, faults } = await sendGarbage(plan, REQUESTS, setup.send);
  expect(setup.logged).toEqual([]);
  expect(faults).toEqual([]);
  for (const status of [200, 400, 409]) expect(statuses.get(status) ?? 0).toBeGreaterThan(REQUESTS / 30);
  // Whatever happened, what is current was validated.
  const { current } = await setup.volumes.pointer('tools');
  expect(roots).toContain(current);
});
