import * as v from 'valibot';

type AnySchema = v.BaseSchema<unknown, unknown, v.BaseIssue<unknown>>;
type ObjectSchema = AnySchema & { readonly entries: Readonly<Record<string, AnySchema>> };
/** Every key of the schema, so that a new one cannot be forgotten. */
type Everything<S extends ObjectSchema> = { readonly [Key in keyof S['entries']]: unknown };

const isDefault = (schema: AnySchema | undefined, value: unknown): boolean =>
  schema !== undefined && JSON.stringify(value) === JSON.stringify(v.getDefault(schema as v.GenericSchema));

/** What has to be said of a mapping in the file: keys without a value, or with the schema's default, are left out. */
export const said = <const S extends ObjectSchema>(schema: S, value: Everything<S>): v.InferInput<S> =>
  // Required keys have no default, so they always stay.
  Object.fromEntries(
    Object.entries(value).filter(([key, one]) => one !== undefined && !isDefault(schema.entries[key], one)),
  ) as v.InferInput<S>;
