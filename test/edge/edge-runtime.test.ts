import { readdir, readFile } from 'node:fs/promises';
import ts from 'typescript';
import { expect, test } from 'vitest';

const FOLDER = new URL('../../functions/edge/', import.meta.url);
const FILES = await readdir(FOLDER);

const LACKING = new Set([
  ts.SyntaxKind.ForOfStatement,
  ts.SyntaxKind.SpreadElement,
  ts.SyntaxKind.SpreadAssignment,
  ts.SyntaxKind.ObjectBindingPattern,
  ts.SyntaxKind.ArrayBindingPattern,
  ts.SyntaxKind.ClassDeclaration,
  ts.SyntaxKind.QuestionDotToken,
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.ShorthandPropertyAssignment,
]);

/** Methods that came after ES 12, which is the last of which the runtime's documentation names any. */
const LATER = new Set([
  'at',
  'findLast',
  'groupBy',
  'hasOwn',
  'isWellFormed',
  'toReversed',
  'toSorted',
  'toSpliced',
  'toWellFormed',
]);

const lackingIn = (text: string): readonly string[] => {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (LACKING.has(node.kind)) found.push(ts.SyntaxKind[node.kind]);
    if (ts.isParameter(node) && node.initializer !== undefined) found.push('default parameter');
    if (ts.isPropertyAccessExpression(node) && LATER.has(node.name.text)) found.push(node.name.text);
    node.forEachChild(visit);
  };
  visit(ts.createSourceFile('edge.js', text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS));
  return found;
};

test('there is a function for each kind of path, and one for answers of the bucket', () => {
  expect(FILES.toSorted()).toEqual(['content-request.js', 'object-request.js', 'object-response.js', 'viewer-request.js']);
});

test.each(FILES)('%s fits the runtime: at most 10 KB, and no syntax or method that it lacks', async (name) => {
  const text = await readFile(new URL(name, FOLDER), 'utf8');
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(10_240);
  expect(lackingIn(text)).toEqual([]);
});

test('what the runtime lacks would be found', () => {
  expect(lackingIn('function own(a, b) { return Object.hasOwn(a, b) && a.toSorted(); }').toSorted()).toEqual([
    'hasOwn',
    'toSorted',
  ]);
  expect(lackingIn('function handler({ request }, again = 1) { for (const a of [...request]) a?.b; }').toSorted()).toEqual([
    'ForOfStatement',
    'ObjectBindingPattern',
    'QuestionDotToken',
    'SpreadElement',
    'default parameter',
  ]);
});
