import fc from 'fast-check';

/** Values of documents that are valid, for arbitraries of their parts. */
export type Values = Readonly<Record<string, fc.Arbitrary<unknown>>>;

/** Any of the keys, each with one of its values. */
export const some = (values: Values): fc.Arbitrary<Record<string, unknown>> => fc.record(values, { requiredKeys: [] });
export const oneOf = (...values: readonly unknown[]): fc.Arbitrary<unknown> => fc.constantFrom(...values);
export const few = (one: fc.Arbitrary<unknown>): fc.Arbitrary<readonly unknown[]> => fc.array(one, { maxLength: 3 });
export const text = fc.string({ unit: fc.constantFrom(...'aé ✓#:"\'{'), minLength: 1, maxLength: 12 });
const ASTRAY = ['/', 'a//', '/B/c', 'Fedora%20Linux', 'ü/x'];
export const url = (scheme: string, name: string): fc.Arbitrary<string> =>
  fc.constantFrom('', '/', ...ASTRAY).map((path) => `${scheme}://${name}.example.org/m/${path}`);
