import * as v from 'valibot';
import type { CountryCode, Inventory } from '#domain/inventory/inventory.ts';
import { addressProblems } from './address-checks.ts';
import { categoryProblems } from './category-checks.ts';
import { contentProblems } from './content-checks.ts';
import { lockProblems } from './lock-checks.ts';
import { clientNetblockProblems } from './netblock-checks.ts';
import { networkFileSchema } from './network-file-schema.ts';
import { type NetworkFileProblem, printPath } from './problem.ts';
import { referenceProblems } from './reference-checks.ts';
import { issueProblems, structureProblems } from './structure-checks.ts';
import { type ResolveDirectory, toInventory } from './to-inventory.ts';

/** What is assumed of a client on this machine, where no CDN says where it is. */
export interface LocalClient {
  readonly country: CountryCode | undefined;
  readonly asn: number | undefined;
  readonly address: string | undefined;
}

export type ParsedNetworkFile =
  | { readonly kind: 'ok'; readonly inventory: Inventory; readonly localClient: LocalClient }
  /** Every problem of the file at once, in no particular order; never empty. */
  | { readonly kind: 'invalid'; readonly problems: readonly NetworkFileProblem[] };

/** Two checks may see one mistake from two sides; one message per place and wording is enough. */
const withoutRepetition = (problems: readonly NetworkFileProblem[]): readonly NetworkFileProblem[] => [
  ...new Map(problems.map((one) => [`${printPath(one.path)}\n${one.message}`, one])).values(),
];

/**
 * Reads a network file that is already data (YAML or JSON, parsed). Never throws: whatever is wrong with the document is a problem
 * with the path to it.
 */
export const parseNetworkFile = (document: unknown, resolveDirectory: ResolveDirectory): ParsedNetworkFile => {
  const parsed = v.safeParse(networkFileSchema, document, { abortPipeEarly: true });
  const problems = [
    ...structureProblems(networkFileSchema, document),
    ...issueProblems(parsed.issues ?? []),
    ...referenceProblems(document),
    ...categoryProblems(document),
    ...addressProblems(document),
    ...clientNetblockProblems(document),
    ...lockProblems(document),
    ...contentProblems(document),
  ];
  if (!parsed.success || problems.length > 0) return { kind: 'invalid', problems: withoutRepetition(problems) };
  const { country, asn, address } = parsed.output.localClient;
  return { kind: 'ok', inventory: toInventory(parsed.output, resolveDirectory), localClient: { country, asn, address } };
};
