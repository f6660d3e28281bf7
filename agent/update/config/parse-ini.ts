import { ConfigProblem } from './config-problem.ts';

export type IniSection = ReadonlyMap<string, string>;
export type IniFile = ReadonlyMap<string, IniSection>;

const MAX_CHARACTERS = 1 << 20;
const MAX_VALUE_CHARACTERS = 1 << 16;
/** Python's configparser.MAX_INTERPOLATION_DEPTH. */
const MAX_DEPTH = 10;
const DEFAULTS = 'DEFAULT';

interface Reader {
  readonly sections: Map<string, Map<string, string[]>>;
  section: Map<string, string[]> | undefined;
  value: string[] | undefined;
  indent: number;
}

/**
 * An INI file as Python's configparser reads it, since the files of the updaters before us were written for that: keys in any
 * case, `=` or `:`, full-line comments with # or ;, indented continuation lines, [DEFAULT], `%(key)s` and `%%`. A section or key
 * that comes twice is refused. Throws ConfigProblem and nothing else.
 */
export function parseIni(text: string): IniFile {
  if (text.length > MAX_CHARACTERS) throw new ConfigProblem(`the file is larger than ${MAX_CHARACTERS} characters`);
  if (text.includes('\0')) throw new ConfigProblem('the file holds a NUL character: it is not text');
  const reader: Reader = { sections: new Map(), section: undefined, value: undefined, indent: 0 };
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (const [index, line] of lines.entries()) readLine(reader, line, index + 1);
  return interpolated(reader.sections);
}

function readLine(reader: Reader, line: string, number: number): void {
  const content = line.trim();
  if (content.startsWith('#') || content.startsWith(';')) return;
  if (content === '') {
    reader.value?.push('');
    return;
  }
  const indent = line.length - line.trimStart().length;
  if (reader.value !== undefined && indent > reader.indent) {
    reader.value.push(content);
    return;
  }
  const header = /^\[(.+)\]/.exec(content)?.[1];
  if (header === undefined) readOption(reader, content, indent, number);
  else openSection(reader, header, number);
}

function openSection(reader: Reader, name: string, number: number): void {
  if (reader.sections.has(name) && name !== DEFAULTS) throw new ConfigProblem(`line ${number}: section [${name}] comes twice`);
  const section = reader.sections.get(name) ?? new Map<string, string[]>();
  reader.sections.set(name, section);
  reader.section = section;
  reader.value = undefined;
}

function readOption(reader: Reader, content: string, indent: number, number: number): void {
  if (reader.section === undefined) throw new ConfigProblem(`line ${number}: a [section] must come first`);
  const parts = /^([^=:]+?)\s*[=:]\s*(.*)$/s.exec(content);
  const key = parts?.[1]?.toLowerCase();
  if (key === undefined) throw new ConfigProblem(`line ${number}: neither "key = value" nor "[section]"`);
  if (reader.section.has(key)) throw new ConfigProblem(`line ${number}: "${key}" comes twice`);
  reader.value = [parts?.[2] ?? ''];
  reader.indent = indent;
  reader.section.set(key, reader.value);
}

function interpolated(sections: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>): IniFile {
  const defaults = rawValues(sections.get(DEFAULTS) ?? new Map());
  const file = new Map<string, IniSection>();
  for (const [name, section] of sections) {
    if (name === DEFAULTS) continue;
    const raw = new Map([...defaults, ...rawValues(section)]);
    file.set(name, new Map([...raw].map(([key, value]) => [key, expand(value, raw, `[${name}] ${key}`, 0)])));
  }
  return file;
}

const rawValues = (section: ReadonlyMap<string, readonly string[]>): Map<string, string> =>
  new Map([...section].map(([key, lines]) => [key, lines.join('\n').trimEnd()]));

function expand(value: string, raw: ReadonlyMap<string, string>, where: string, depth: number): string {
  if (!value.includes('%')) return value;
  if (depth > MAX_DEPTH) throw new ConfigProblem(`${where}: %(...)s refers to itself, or is nested too deeply`);
  const expanded = value.replace(/%(?:(%)|\(([^)]*)\)s)?/g, (_match, percent: string | undefined, key: string | undefined) => {
    if (percent !== undefined) return '%';
    const found = key === undefined ? undefined : raw.get(key.toLowerCase());
    if (key === undefined) throw new ConfigProblem(`${where}: write %% for a percent sign`);
    if (found === undefined) throw new ConfigProblem(`${where}: %(${key})s names no key of this section`);
    const inner = expand(found, raw, where, depth + 1);
    if (inner.length > MAX_VALUE_CHARACTERS) throw new ConfigProblem(`${where}: the value grows beyond all reason`);
    return inner;
  });
  if (expanded.length > MAX_VALUE_CHARACTERS) throw new ConfigProblem(`${where}: the value grows beyond all reason`);
  return expanded;
}
