import { ConfigProblem } from './config-problem.ts';

const MAX_CHARACTERS = 1 << 20;

/** The `.env` of DLMEngineUpdater 1.x: `key=value` lines, # comments, optional quotes and `export`; keys in any case. */
export function parseEnvFile(text: string): ReadonlyMap<string, string> {
  if (text.length > MAX_CHARACTERS) throw new ConfigProblem(`the file is larger than ${MAX_CHARACTERS} characters`);
  const values = new Map<string, string>();
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const content = line.trim().replace(/^export\s+/, '');
    if (content === '' || content.startsWith('#')) continue;
    const split = content.indexOf('=');
    if (split < 1) throw new ConfigProblem(`line ${index + 1}: not "key=value"`);
    values.set(content.slice(0, split).trim().toLowerCase(), unquoted(content.slice(split + 1).trim()));
  }
  return values;
}

function unquoted(value: string): string {
  const quoted = /^(['"])(.*)\1\s*(?:#.*)?$/s.exec(value);
  if (quoted !== null) return quoted[2] ?? '';
  return value.replace(/\s+#.*$/, '');
}
