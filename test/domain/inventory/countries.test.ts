import { countries } from 'countries-list';
import { expect, test } from 'vitest';
import { CONTINENTS, COUNTRIES } from '#domain/inventory/countries.ts';

test('countries and their continents are those of countries-list', () => {
  const expected = Object.entries(countries).map(([code, { continent }]) => [code, continent] as const);
  expect([...COUNTRIES].toSorted()).toEqual(expected.toSorted());
});

test('every continent has countries', () => {
  expect([...new Set(COUNTRIES.values())].toSorted()).toEqual([...CONTINENTS]);
});
