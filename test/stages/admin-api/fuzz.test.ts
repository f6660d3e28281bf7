import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openApiDocument } from '../../../functions/admin-api/openapi/openapi-document.ts';
import { ROUTES } from '../../../functions/admin-api/routes.ts';
import { adminSetup, claimsOf, type Who } from '../../support/admin-setup.ts';
import { useEmulators } from '../../support/emulators.ts';
import { type GarbagePlan, sendGarbage, strangeClaims, unstorable } from '../../support/garbage-calls.ts';

const emulators = useEmulators();
const REQUESTS = 10_000;

const PLAN: GarbagePlan = {
  document: openApiDocument(),
  endpoints: [
    ...ROUTES.flatMap(({ path, methods }) => Object.keys(methods).map((method) => ({ path, method }))),
    { path: '/api/openapi.json', method: 'GET' },
  ],
  knownParts: {
    section: ['policies', 'locks', 'aliases', 'disabled', 'network', 'countryOverrides', 'continentOverrides', 'content'],
    id: ['a.example.org', 'linux', 'alpha', 'new'],
  },
  queries: ['dryRun=true', 'dryRun=false', 'dryRun', 'limit=5', 'limit=-1', 'after=%ff', 'after=99', 'site=alpha'],
  claims: fc.oneof(
    { arbitrary: fc.constantFrom<Who>('wendy', 'wendy', 'alice', 'bob', 'carol', 'nobody').map(claimsOf), weight: 12 },
    { arbitrary: fc.constant({ sub: 'wendy', groups: '[staff wranglers]' }), weight: 2 },
    { arbitrary: strangeClaims, weight: 1 },
  ),
  spoil: unstorable,
  soundShare: 0,
};

test(`${REQUESTS} requests of garbage are answered with what is wrong with them, and write nothing`, {
  timeout: 180_000,
}, async () => {
  const setup = await adminSetup(emulators);
  const before = await setup.contents();
  const { statuses, faults } = await sendGarbage(PLAN, REQUESTS, setup.send);
  expect(setup.logged).toEqual([]);
  expect(faults).toEqual([]);
  expect(await setup.contents()).toBe(before);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  // Garbage that never comes as far as the checks would show nothing.
  expect(statuses.get(422) ?? 0).toBeGreaterThan(REQUESTS / 20);
});
