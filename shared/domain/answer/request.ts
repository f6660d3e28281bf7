/**
 * What a client asks for, after parsing: MirrorManager's parameters, each with one meaning. Whatever a client may send becomes
 * one of these; a request that asks for nothing answerable is one too, since it must be answered.
 */
import type { CountryCode } from '../inventory/inventory.ts';

export type ListFormat = 'mirrorlist' | 'metalink';
export type AnswerFormat = ListFormat | 'explain';

export type Target =
  | { readonly kind: 'repository'; readonly repo: string; readonly arch: string }
  /** No leading, trailing or doubled slashes. */
  | { readonly kind: 'path'; readonly path: string };

export interface ListRequest {
  readonly kind: 'list';
  readonly format: AnswerFormat;
  readonly target: Target;
  /** Upper case, in the order asked, no duplicates; `GLOBAL` stands for everywhere. Empty: by the client's place. */
  readonly countries: readonly CountryCode[];
  /** Lower case; `undefined`: whatever suits the format. */
  readonly protocols: readonly string[] | undefined;
  /** Answer 302 to the first fitting URL instead of a list. */
  readonly redirect: boolean;
  /** False: netblocks and autonomous systems do not count. */
  readonly netblock: boolean;
  /** Add a comment with the time of publishing. */
  readonly time: boolean;
}

export type AnswerRequest =
  | ListRequest
  | {
      readonly kind: 'invalid';
      readonly format: AnswerFormat;
      /** For people, one short line; holds nothing the client sent. */
      readonly problem: string;
    };

/** The plain question for one repository, as static lists and self-tests ask it. */
export const repositoryRequest = (format: AnswerFormat, repo: string, arch: string): ListRequest => ({
  kind: 'list',
  format,
  target: { kind: 'repository', repo, arch },
  countries: [],
  protocols: undefined,
  redirect: false,
  netblock: true,
  time: false,
});
