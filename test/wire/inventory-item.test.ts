import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WireError } from '#domain/errors.ts';
import { entityName, type InventoryEntity, parseEntity, printEntity } from '#wire/inventory-item.ts';
import { aHost, anInventory } from '../support/a-network.ts';
import { anyContentRules } from '../support/content-rules-arbitrary.ts';
import { anyCategory, anyHost, anySettings, anySite } from '../support/inventory-arbitrary.ts';
import { anyLockRules } from '../support/lock-rules-arbitrary.ts';

const anyEntity: fc.Arbitrary<InventoryEntity> = fc.oneof(
  anySite.map((value): InventoryEntity => ({ kind: 'site', value })),
  anyCategory.map((value): InventoryEntity => ({ kind: 'category', value })),
  anyHost().map((value): InventoryEntity => ({ kind: 'host', value })),
  anySettings.map((value): InventoryEntity => ({ kind: 'settings', value })),
  anyLockRules.map((value): InventoryEntity => ({ kind: 'locks', value })),
  anyContentRules.map((value): InventoryEntity => ({ kind: 'content', value })),
);

const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, one]) => [key, reversed(one)] as const)
      .toReversed(),
  );
};

const SITE: InventoryEntity = {
  kind: 'site',
  value: {
    id: 'uni',
    name: 'University',
    private: false,
    ownerActive: true,
    adminActive: true,
    url: undefined,
    contacts: [],
    admins: ['ada'],
  },
};
const PRINTED =
  '{"v":1,"kind":"site","value":{"id":"uni","name":"University","private":false,"ownerActive":true,"adminActive":true,"url":null,"contacts":[],"admins":["ada"]}}';

test('an entity has this text, which stored inventories depend on', () => {
  expect(printEntity(SITE)).toBe(PRINTED);
  expect(parseEntity(PRINTED)).toStrictEqual(SITE);
});

test('what is printed parses to the same entity', () => {
  fc.assert(
    fc.property(anyEntity, (entity) => {
      expect(parseEntity(printEntity(entity))).toEqual(entity);
    }),
  );
});

test('equal entities have equal texts, whatever the order of their keys', () => {
  fc.assert(
    fc.property(anyEntity, (entity) => {
      expect(printEntity(reversed(entity) as InventoryEntity)).toBe(printEntity(entity));
    }),
  );
});

test('content has this text: what is not said is null', () => {
  const content: InventoryEntity = {
    kind: 'content',
    value: {
      names: { domain: undefined, places: [] },
      volumes: [{ id: 'tools', mount: 'tools', type: 'files', maximumShrinkShare: 0.2, retain: 10, graceMs: 60_000 }],
      proxies: [],
    },
  };
  expect(printEntity(content)).toBe(
    '{"v":1,"kind":"content","value":{"names":{"domain":null,"places":[]},"volumes":[{"id":"tools","mount":"tools",' +
      '"type":"files","maximumShrinkShare":0.2,"retain":10,"graceMs":60000}],"proxies":[]}}',
  );
  expect(parseEntity(printEntity(content))).toStrictEqual(content);
  expect(entityName(content)).toBe('content');
});

/** As earlier versions stored it: without these keys. */
const without = (entity: InventoryEntity, keys: readonly string[]): string => {
  const stored = JSON.parse(printEntity(entity));
  for (const key of keys) delete stored.value[key];
  return JSON.stringify(stored);
};

test('a site of an earlier version has no page, no contacts and no admins', () => {
  expect(parseEntity(without(SITE, ['url', 'contacts', 'admins']))).toStrictEqual({
    kind: 'site',
    value: { ...SITE.value, admins: [] },
  });
});

test("a host of an earlier version is in no region, is nobody else's, and is not pending", () => {
  const host: InventoryEntity = { kind: 'host', value: aHost('a') };
  const text = without(host, ['region', 'provider', 'tier', 'comment', 'contacts', 'pending']);
  expect(parseEntity(text)).toStrictEqual(host);
});

test('settings of an earlier version have the default rules of access and of draining', () => {
  const settings: InventoryEntity = { kind: 'settings', value: anInventory([]).settings };
  expect(parseEntity(without(settings, ['access', 'drain']))).toStrictEqual(settings);
});

test('a key of a newer version is dropped', () => {
  expect(parseEntity(PRINTED.replace('"id"', '"colour":"red","id"'))).toStrictEqual(SITE);
});

test.each([
  '',
  'null',
  '[]',
  '{}',
  '{"v":2,"kind":"site"}',
  PRINTED.replace('"v":1', '"v":2'),
  PRINTED.replace('true', '1'),
  'x',
])('%s is refused', (text) => {
  expect(() => parseEntity(text)).toThrow(WireError);
});

test('any text is an entity or a WireError', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(() => parseEntity(text)).toThrow(WireError);
    }),
  );
});

test('entities are named as people call them', () => {
  expect(entityName(SITE)).toBe('site/uni');
  expect(entityName({ kind: 'settings', value: fc.sample(anySettings, 1)[0]! })).toBe('settings');
});
