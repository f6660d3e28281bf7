import * as v from 'valibot';

export interface BodyProblem {
  /** Where in the body; empty for all of it. */
  readonly path: string;
  readonly message: string;
}

/** What was asked, or what is wrong with how it was asked, field by field. */
export type ParsedCall<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'invalid'; readonly problems: readonly BodyProblem[] };

/** The body of a call, whose limit of length was checked before. An empty one is an empty mapping: some calls ask for nothing more. */
export const parseCallBody = <T>(schema: v.GenericSchema<unknown, T>, body: string): ParsedCall<T> => {
  let document: unknown;
  try {
    document = JSON.parse(body === '' ? '{}' : body);
  } catch {
    return { kind: 'invalid', problems: [{ path: '', message: 'the body is not JSON' }] };
  }
  const result = v.safeParse(schema, document);
  if (result.success) return { kind: 'ok', value: result.output };
  const problems = result.issues.map((issue) => ({ path: v.getDotPath(issue) ?? '', message: issue.message }));
  return { kind: 'invalid', problems };
};
