import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { WireError } from '#domain/errors.ts';

type Attributes = Record<string, AttributeValue>;

const toAttribute = (value: unknown): AttributeValue => {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { M: toAttributes({ ...value }) };
  throw new WireError('an attribute is a text, a number, a truth value or a mapping of these');
};

const fromAttribute = ({ S: text, N: number, BOOL: truth, M: mapping }: AttributeValue): unknown => {
  if (text !== undefined) return text;
  if (number !== undefined) return Number(number);
  if (truth !== undefined) return truth;
  return mapping === undefined ? undefined : fromAttributes(mapping);
};

/** Texts, numbers, truth values and mappings; nothing else is stored here, so that no mapping library is needed. */
export const toAttributes = (plain: Readonly<Record<string, unknown>>): Attributes =>
  Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, toAttribute(value)]));

/** Attributes of other kinds become undefined; the wire's schema says which must be there. */
export const fromAttributes = (item: Attributes): Record<string, unknown> =>
  Object.fromEntries(Object.entries(item).map(([name, value]) => [name, fromAttribute(value)]));
