import * as v from 'valibot';
import type { ProblemPath } from '../network-file/problem.ts';
import { duration, line } from '../network-file/scalars.ts';
import { issueProblems, structureProblems } from '../network-file/structure-checks.ts';

/** What somebody asks for who wants a token for a host. */
export const tokenWishSchema = v.pipe(
  v.strictObject({
    label: line('What the token is for, to tell it from others.', 100),
    lifetime: v.optional(duration('The token is worth nothing after this time; without it, it never expires.', '1h', '3650d')),
  }),
  v.description('A wish for a token of a host.'),
);

export type ParsedTokenWish =
  | { readonly kind: 'ok'; readonly label: string; readonly lifetimeMs: number | undefined }
  | { readonly kind: 'invalid'; readonly problems: readonly { readonly path: ProblemPath; readonly message: string }[] };

export const parseTokenWish = (document: unknown): ParsedTokenWish => {
  const parsed = v.safeParse(tokenWishSchema, document, { abortPipeEarly: true });
  const problems = [...structureProblems(tokenWishSchema, document), ...issueProblems(parsed.issues ?? [])];
  if (!parsed.success || problems.length > 0) return { kind: 'invalid', problems };
  return { kind: 'ok', label: parsed.output.label, lifetimeMs: parsed.output.lifetime };
};
