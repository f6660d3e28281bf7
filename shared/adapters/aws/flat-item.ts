import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { WireError } from '#domain/errors.ts';

export type Item = Record<string, AttributeValue>;

/** Attributes of items here are texts and whole numbers only, so that no mapping library is needed. */
export const toItem = (fields: Readonly<Record<string, string | number>>): Item =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? { S: value } : { N: String(value) }]),
  );

/** Attributes of other kinds are left out; the wire's schema says which must be there. */
export const fromItem = (item: Item): Record<string, string | number> => {
  const fields: Record<string, string | number> = {};
  for (const [name, { S: text, N: number }] of Object.entries(item)) {
    if (text !== undefined) fields[name] = text;
    else if (number !== undefined) fields[name] = Number(number);
  }
  return fields;
};

/** A whole number that must be there. */
export const wholeNumber = (item: Item | undefined, name: string): number => {
  const text = item?.[name]?.N;
  const value = Number(text);
  if (text === undefined || !Number.isSafeInteger(value)) throw new WireError(`attribute ${name} is no whole number`);
  return value;
};
