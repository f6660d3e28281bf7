import type * as v from 'valibot';
import { suggestion } from './near-name.ts';
import { type NetworkFileProblem, type ProblemPath, problem } from './problem.ts';
import { isMapping, list } from './raw.ts';

/**
 * Valibot stops at the first unknown key of a mapping, takes a list for a mapping, drops some keys of a mapping without a word, and
 * words its issues for programmers. This walks the schema and the document together and reports every unknown key, with the one that
 * was probably meant, and every key that would be dropped.
 */
type AnySchema = v.BaseSchema<unknown, unknown, v.BaseIssue<unknown>>;

const entriesOf = (schema: AnySchema): Readonly<Record<string, AnySchema>> | undefined =>
  schema.type === 'strict_object' ? (schema as unknown as { entries: Record<string, AnySchema> }).entries : undefined;

/** What valibot drops, so that nobody takes it for a property that every object has. */
const DROPPED: readonly string[] = ['__proto__', 'constructor', 'prototype'];

const droppedKeys = (value: unknown, path: ProblemPath): readonly NetworkFileProblem[] =>
  DROPPED.filter((key) => isMapping(value) && Object.hasOwn(value, key)).map((key) =>
    problem([...path, key], `the key \`${key}\` cannot be used here`, 'key'),
  );

const inner = (schema: AnySchema, input: unknown): AnySchema => {
  if (schema.type === 'optional') return inner((schema as unknown as { wrapped: AnySchema }).wrapped, input);
  if (schema.type === 'lazy') return inner((schema as unknown as { getter: (input: unknown) => AnySchema }).getter(input), input);
  return schema;
};

const kindOf = (value: unknown): string => {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'a text';
  if (typeof value === 'boolean') return '`true` or `false`';
  return typeof value === 'number' || typeof value === 'bigint' ? 'a number' : 'a mapping';
};

const unknownKeys = (entries: Readonly<Record<string, AnySchema>>, value: object, path: ProblemPath): NetworkFileProblem[] =>
  Object.keys(value)
    .filter((key) => !Object.hasOwn(entries, key))
    .map((key) => {
      const shown = JSON.stringify(key.length > 60 ? `${key.slice(0, 57)}...` : key).slice(1, -1);
      return problem([...path, key], `unknown key \`${shown}\`${suggestion(key, Object.keys(entries))}`, 'key');
    });

export const structureProblems = (declared: AnySchema, value: unknown, path: ProblemPath = []): readonly NetworkFileProblem[] => {
  const schema = inner(declared, value);
  if (schema.type === 'array') {
    const { item } = schema as unknown as { item: AnySchema };
    return list(value).flatMap((entry, at) => structureProblems(item, entry, [...path, at]));
  }
  // Valibot takes a list for a record of its positions.
  if (schema.type === 'record' && Array.isArray(value)) return [problem(path, `expected a mapping, found ${kindOf(value)}`)];
  if (schema.type === 'record') return droppedKeys(value, path);
  const entries = entriesOf(schema);
  if (entries === undefined || value === undefined) return [];
  if (!isMapping(value)) return [problem(path, `expected a mapping, found ${kindOf(value)}`)];
  const below = Object.entries(entries).flatMap(([key, entry]) =>
    Object.hasOwn(value, key) ? structureProblems(entry, value[key], [...path, key]) : [],
  );
  return [...unknownKeys(entries, value, path), ...below];
};

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  boolean: '`true` or `false`',
  array: 'a list',
  record: 'a mapping',
  union: 'a number or a text',
};

const pathOf = (issue: v.BaseIssue<unknown>): ProblemPath =>
  (issue.path ?? []).map((step) => (typeof step.key === 'number' ? step.key : String(step.key)));

const wordsOf = (issue: v.BaseIssue<unknown>): string => {
  const expected = issue.kind === 'schema' ? EXPECTED[issue.type] : undefined;
  // Words of our own stand in every issue that the table does not know.
  if (expected === undefined || !issue.message.startsWith('Invalid ')) return issue.message;
  return `expected ${expected}, found ${kindOf(issue.input)}`;
};

/** Issues of one valibot run, in our words; what `structureProblems` reports is left out. */
export const issueProblems = (issues: readonly v.BaseIssue<unknown>[]): readonly NetworkFileProblem[] =>
  issues.flatMap((issue) => {
    const path = pathOf(issue);
    const last = issue.path?.at(-1);
    const at = last?.origin === 'key' ? 'key' : 'value';
    if (issue.type !== 'strict_object') return [problem(path, wordsOf(issue), at)];
    const isMissingKey = last?.origin === 'key' && issue.expected !== 'never' && isMapping(last.input);
    return isMissingKey ? [problem(path.slice(0, -1), `the key \`${String(last?.key)}\` is missing`)] : [];
  });
