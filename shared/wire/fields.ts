import * as v from 'valibot';

/** Ids of sites, hosts and categories. They stand in paths, keys of tables and tokens without escapes. */
export const ENTITY_ID = /^[a-z0-9][a-z0-9._-]{0,99}$/;

/** Kinds of field that several documents share. */
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const epochMs = count;
export const hex64 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
export const nonEmpty = v.pipe(v.string(), v.minLength(1));
