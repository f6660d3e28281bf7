import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';

/** 1-based; columns count UTF-16 units, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface SyntaxProblem extends Position {
  readonly message: string;
}

export type YamlDocument =
  | {
      readonly kind: 'ok';
      readonly value: unknown;
      /** Where the value at a path stands, or its key; of a path that does not exist, the nearest mapping or list above it. */
      readonly locate: (path: readonly (string | number)[], at: 'key' | 'value') => Position;
    }
  | { readonly kind: 'invalid'; readonly problems: readonly SyntaxProblem[] };

/** Aliases in the file, and how often one anchor may be repeated with all it holds: "billion laughs" stops here. */
const MOST_ALIASES = 1000;
const MOST_PROBLEMS = 100;

const keyText = (pair: Pair): string => (isScalar(pair.key) ? String(pair.key.value) : String(pair.key));

interface Found {
  readonly key: unknown;
  readonly value: unknown;
}

const step = (node: unknown, part: string | number): Found | undefined => {
  if (isSeq(node)) {
    const value = node.items[Number(part)];
    return value === undefined ? undefined : { key: value, value };
  }
  const pair = isMap(node) ? node.items.find((item) => keyText(item) === String(part)) : undefined;
  return pair === undefined ? undefined : { key: pair.key, value: pair.value };
};

const offsetOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);

const locator = (document: Document, lines: LineCounter) => {
  const followed = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  return (path: readonly (string | number)[], at: 'key' | 'value'): Position => {
    let node: unknown = document.contents;
    let offset = offsetOf(node) ?? 0;
    for (const [index, part] of path.entries()) {
      const found = step(followed(node), part);
      if (found === undefined) break;
      const wantsKey = index === path.length - 1 && at === 'key';
      offset = offsetOf(wantsKey ? found.key : (found.value ?? found.key)) ?? offsetOf(found.key) ?? offset;
      node = found.value;
    }
    return position(lines, offset);
  };
};

const position = (lines: LineCounter, offset: number): Position => {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
};

/** The library's words, for people who do not know it. */
const WORDS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this key stands twice in the mapping',
  TAB_AS_INDENT: 'tabs cannot indent YAML; use spaces',
  MULTIPLE_DOCS: 'more than one YAML document in the file',
  RESOURCE_EXHAUSTION: 'nested too deeply',
  TAG_RESOLVE_FAILED: 'YAML tags are not used here',
};

const syntaxProblems = (document: Document, lines: LineCounter): readonly SyntaxProblem[] =>
  [...document.errors, ...document.warnings].slice(0, MOST_PROBLEMS).map((error) => ({
    ...position(lines, error.pos[0]),
    message: WORDS[error.code] ?? `not YAML: ${error.message.replace(/\s+/g, ' ')}`,
  }));

/** The library would throw for these without saying where. */
const aliasProblems = (document: Document, lines: LineCounter): readonly SyntaxProblem[] => {
  const anchors = new Set<string>();
  const problems: SyntaxProblem[] = [];
  let aliases = 0;
  visit(document, (_, node) => {
    if (!isNode(node)) return;
    if (!isAlias(node)) {
      if (node.anchor !== undefined) anchors.add(node.anchor);
      return;
    }
    aliases += 1;
    const at = position(lines, offsetOf(node) ?? 0);
    if (!anchors.has(node.source)) problems.push({ ...at, message: `there is no anchor \`&${node.source}\` before this alias` });
    if (aliases === MOST_ALIASES + 1) problems.push({ ...at, message: `more than ${MOST_ALIASES} aliases` });
  });
  return problems.slice(0, MOST_PROBLEMS);
};

const onlyStart = (message: string): YamlDocument => ({ kind: 'invalid', problems: [{ line: 1, column: 1, message }] });

const toValue = (document: Document.Parsed, lines: LineCounter): YamlDocument => {
  const found = syntaxProblems(document, lines);
  const problems = found.length > 0 ? found : aliasProblems(document, lines);
  if (problems.length > 0) return { kind: 'invalid', problems };
  if (document.contents === null) return onlyStart('the file is empty');
  // A Document's own value type is any.
  const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
  return { kind: 'ok', value, locate: locator(document as Document<Node>, lines) };
};

/** Never throws; the library does on alias bombs and on nesting deeper than the stack. */
export const readYaml = (text: string): YamlDocument => {
  const lines = new LineCounter();
  try {
    return toValue(parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error', merge: true }), lines);
  } catch (error) {
    if (error instanceof RangeError) return onlyStart('nested too deeply');
    if (error instanceof ReferenceError) return onlyStart('aliases repeat too much of the document');
    return onlyStart(`cannot be read as YAML: ${error instanceof Error ? error.message : 'unknown fault'}`);
  }
};
