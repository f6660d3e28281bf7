import * as v from 'valibot';
import { WireError } from '#domain/errors.ts';

const MAX_REASON = 300;

const parseText = (text: string, what: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new WireError(`${what} is not JSON`, { cause });
  }
};

/** JSON that fits `schema`, or WireError naming the first place that does not. */
export const parseJson = <Schema extends v.GenericSchema>(schema: Schema, text: string, what: string): v.InferOutput<Schema> =>
  parseValue(schema, parseText(text, what), what);

/** As parseJson, for a value that was parsed already. */
export const parseValue = <Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  what: string,
): v.InferOutput<Schema> => {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new WireError(`${what}: ${v.getDotPath(issue) ?? 'value'}: ${issue.message}`.slice(0, MAX_REASON));
};
