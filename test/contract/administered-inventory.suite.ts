import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '#domain/errors.ts';
import type { Inventory, Site } from '#domain/inventory/inventory.ts';
import type { AdministeredInventory, InventoryAt, InventoryCommit, RememberedReply } from '#ports/administered-inventory.ts';
import type { InventoryStore } from '#ports/inventory-store.ts';
import type { ProofChallenges } from '#ports/proof-challenges.ts';
import { onCommand } from '../support/fault-injection.ts';
import { anyInventory } from '../support/inventory-arbitrary.ts';
import type { MakePlace } from './places.ts';

/** The three ports over one table. */
export interface InventoryPorts {
  readonly store: InventoryStore;
  readonly administered: AdministeredInventory;
  readonly challenges: ProofChallenges;
}

const NOW = Date.UTC(2026, 0, 15);
const HOUR = 3_600_000;

const sample = (seed: number): Inventory => fc.sample(anyInventory(), { seed, numRuns: 1 })[0]!;

const aCommit = (decidedAt: number, site: Site, more: Partial<InventoryCommit> = {}): InventoryCommit => ({
  decidedAt,
  put: { kind: 'site', value: site },
  audit: {
    atMs: NOW,
    by: 'user:alice',
    operation: 'change',
    entity: `site/${site.id}`,
    before: null,
    after: { id: site.id, name: site.name },
    requestId: randomUUID(),
  },
  scopes: [{ kind: 'site', id: site.id }],
  forgetChallenges: [],
  ...more,
});

const aReply = (more: Partial<RememberedReply> = {}): RememberedReply => ({
  key: 'alice-1',
  fingerprint: 'f',
  statusCode: 201,
  headers: { etag: '"x"' },
  body: '{"id":"ü"}',
  expiresMs: NOW + HOUR,
  ...more,
});

/** What every AdministeredInventory does, whatever it keeps its entities in. */
export const administeredInventoryContract = (makePlace: MakePlace<InventoryPorts>): void => {
  const begun = async () => {
    const place = await makePlace();
    const { store, ...rest } = place.open();
    const inventory = sample(1);
    await store.apply(inventory);
    return { place, store, inventory, ...rest, first: inventory.sites[0]! };
  };

  describe('an administered inventory', { timeout: 120_000 }, () => {
    test('is at revision 0, and there is nothing to read, before the first apply', async () => {
      const { administered } = (await makePlace()).open();
      expect(await administered.revision()).toBe(0);
      await expect(administered.read()).rejects.toThrow(ConfigError);
    });

    test('counts what was applied, and gives it back at that revision', async () => {
      const { administered, inventory } = await begun();
      const { revision, inventory: read } = await administered.read();
      expect(read).toEqual(inventory);
      expect(revision).toBeGreaterThan(0);
      expect(await administered.revision()).toBe(revision);
      const { entries } = await administered.audit({ kind: 'network' }, undefined, 100);
      expect(entries.at(0)).toMatchObject({ revision, by: 'apply', operation: 'apply', entity: 'network' });
    });

    test('changes entities, writes the trail of each scope and moves the revision, all in one', async () => {
      const { administered, store, inventory, first } = await begun();
      const { revision } = await administered.read();
      const other = inventory.sites.at(-1)!;
      const change = aCommit(revision, { ...first, name: 'renamed' });
      expect(await administered.commit(change, NOW)).toEqual({ kind: 'committed', revision: revision + 1 });
      expect((await store.load()).sites.find((site) => site.id === first.id)?.name).toBe('renamed');
      const entry = { ...change.audit, revision: revision + 1 };
      expect(await administered.audit({ kind: 'site', id: first.id }, undefined, 10)).toEqual({
        entries: [entry],
        next: undefined,
      });
      expect((await administered.audit({ kind: 'network' }, undefined, 1)).entries).toEqual([entry]);
      if (other.id !== first.id) {
        expect((await administered.audit({ kind: 'site', id: other.id }, undefined, 10)).entries).toEqual([]);
      }
    });

    test('refuses, and writes nothing of, what was decided on an earlier revision', async () => {
      const { administered, first } = await begun();
      const { revision } = await administered.read();
      await administered.commit(aCommit(revision, { ...first, name: 'one' }), NOW);
      const late = aCommit(revision, { ...first, name: 'two' }, { remember: aReply() });
      expect(await administered.commit(late, NOW)).toEqual({ kind: 'stale' });
      const after = await administered.read();
      expect(after.revision).toBe(revision + 1);
      expect(after.inventory.sites.find((site) => site.id === first.id)?.name).toBe('one');
      expect(await administered.remembered('alice-1', NOW)).toBeUndefined();
      expect((await administered.audit({ kind: 'site', id: first.id }, undefined, 10)).entries).toHaveLength(1);
    });

    test('lets exactly one of many writers at one revision win, and gives each of many that try again its own revision', async () => {
      const { place, administered, first } = await begun();
      const { revision } = await administered.read();
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, at) =>
          place.open().administered.commit(aCommit(revision, { ...first, name: `w${at}` }), NOW),
        ),
      );
      expect(outcomes.filter(({ kind }) => kind === 'committed')).toHaveLength(1);
      const insist = async (at: number): Promise<number> => {
        const own = place.open().administered;
        for (;;) {
          const outcome = await own.commit(aCommit(await own.revision(), { ...first, name: `again${at}` }), NOW);
          if (outcome.kind === 'committed') return outcome.revision;
        }
      };
      const won = await Promise.all(Array.from({ length: 6 }, (_, at) => insist(at)));
      expect(won.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 6 }, (_, at) => revision + 2 + at));
      expect((await administered.audit({ kind: 'site', id: first.id }, undefined, 100)).entries).toHaveLength(7);
    });

    test('pages the trail, newest first, without a gap', async () => {
      const { administered, first } = await begun();
      for (let at = 0; at < 7; at += 1) {
        await administered.commit(aCommit(await administered.revision(), { ...first, name: `n${at}` }), NOW);
      }
      const all = (await administered.audit({ kind: 'site', id: first.id }, undefined, 100)).entries;
      expect(all.map(({ after }) => after)).toEqual([6, 5, 4, 3, 2, 1, 0].map((at) => ({ id: first.id, name: `n${at}` })));
      const paged = [];
      for (let below: number | undefined, pages = 0; pages < 10; pages += 1) {
        const page = await administered.audit({ kind: 'site', id: first.id }, below, 3);
        paged.push(...page.entries);
        below = page.next;
        if (below === undefined) break;
      }
      expect(paged).toEqual(all);
    });

    test('remembers one reply under a key until it expires', async () => {
      const { administered, first } = await begun();
      const { revision } = await administered.read();
      await administered.commit(aCommit(revision, first, { remember: aReply() }), NOW);
      expect(await administered.remembered('alice-1', NOW)).toEqual(aReply());
      const again = aCommit(revision + 1, { ...first, name: 'again' }, { remember: aReply({ body: 'other' }) });
      expect(await administered.commit(again, NOW)).toEqual({ kind: 'repeated' });
      expect(await administered.remember(aReply({ body: 'other' }), NOW)).toBe('repeated');
      expect(await administered.revision()).toBe(revision + 1);
      expect(await administered.remembered('alice-1', NOW + 2 * HOUR)).toBeUndefined();
      expect(await administered.commit(again, NOW + 2 * HOUR)).toMatchObject({ kind: 'committed' });
    });

    test('takes its own commit for done when only the reply was lost', async () => {
      const { place, administered, first } = await begun();
      const revision = await administered.revision();
      const unlucky = place.open(onCommand('TransactWriteItemsCommand', { kind: 'reply-lost' })).administered;
      const change = aCommit(revision, { ...first, name: 'once' });
      expect(await unlucky.commit(change, NOW)).toEqual({ kind: 'committed', revision: revision + 1 });
      expect(await administered.revision()).toBe(revision + 1);
      const contended = place.open(onCommand('TransactWriteItemsCommand', { kind: 'transaction-conflict' })).administered;
      expect(await contended.commit(aCommit(revision + 1, first), NOW)).toEqual({ kind: 'stale' });
    });

    test('reads one moment while others write, and from an earlier moment comes to the present one', async () => {
      const { place, administered, inventory, first } = await begun();
      const second = { ...first, id: 'zz-second' };
      const begin = await administered.revision();
      const own = place.open().administered;
      // The revision says what both must be: they are changed in turn.
      const write = (at: number) => {
        const site = at % 2 === 0 ? first : second;
        return own.commit(aCommit(begin + at, { ...site, name: String(at) }), NOW);
      };
      await write(0);
      await write(1);
      let done = false;
      const writing = (async () => {
        for (let at = 2; at < 60; at += 1) await write(at);
        done = true;
      })();
      let known = await administered.read();
      while (!done) {
        for (const found of [await administered.read(), await administered.read(known)]) {
          const last = found.revision - begin - 1;
          const named = (id: string) => Number(found.inventory.sites.find((site) => site.id === id)?.name);
          expect([named(first.id), named(second.id)].toSorted((a, b) => a - b)).toEqual([last - 1, last]);
          known = found;
        }
      }
      await writing;
      expect(await administered.read(known)).toEqual(await place.open().administered.read());
      expect((await administered.read()).inventory.hosts).toEqual(inventory.hosts);
    });

    test('comes to the present from any earlier moment, whatever happened in between', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(anyInventory(), { minLength: 2, maxLength: 4 }),
          fc.nat({ max: 3 }),
          async (inventories, at) => {
            const { store, administered } = (await makePlace()).open();
            let known: InventoryAt | undefined;
            for (const [step, inventory] of inventories.entries()) {
              await store.apply(inventory);
              if (step <= at) known = await administered.read(known);
            }
            expect(await administered.read(known)).toEqual({
              revision: await administered.revision(),
              inventory: inventories.at(-1),
            });
          },
        ),
        { numRuns: 15 },
      );
    });

    test('removes what a commit removes, the challenge of a host too', async () => {
      const { administered, challenges, store, inventory, first } = await begun();
      const host = inventory.hosts[0]!;
      const challenge = { token: 't', createdMs: NOW, checkedMs: undefined };
      expect(await challenges.make(host.id, challenge, NOW - HOUR)).toEqual(challenge);
      expect(await challenges.make(host.id, { ...challenge, token: 'u' }, NOW - HOUR)).toEqual(challenge);
      const change = aCommit(await administered.revision(), first);
      const audit = { ...change.audit, entity: `host/${host.id}`, operation: 'delete' as const };
      const removal = { ...change, put: undefined, remove: `host/${host.id}`, forgetChallenges: [host.id], audit };
      await administered.commit(removal, NOW);
      expect((await store.load()).hosts).toEqual(inventory.hosts.slice(1));
      expect(await challenges.read(host.id)).toBeUndefined();
    });
  });

  describe('the challenges of hosts', () => {
    test('are made anew when they are old, and looked for by one at a time', async () => {
      const { challenges } = (await makePlace()).open();
      expect(await challenges.read('h')).toBeUndefined();
      await challenges.make('h', { token: 'old', createdMs: NOW, checkedMs: undefined }, NOW - HOUR);
      const young = { token: 'young', createdMs: NOW + HOUR, checkedMs: undefined };
      expect(await challenges.make('h', young, NOW)).toEqual(young);
      const begun = await Promise.all(Array.from({ length: 4 }, () => challenges.beginCheck('h', 'young', NOW, NOW - 1)));
      expect(begun.toSorted()).toEqual([false, false, false, true]);
      expect(await challenges.read('h')).toEqual({ ...young, checkedMs: NOW });
      expect(await challenges.beginCheck('h', 'young', NOW + 10, NOW)).toBe(true);
      expect(await challenges.beginCheck('h', 'old', NOW + 20, NOW + 10)).toBe(false);
      expect(await challenges.beginCheck('nobody', 'x', NOW, NOW)).toBe(false);
    });
  });
};
