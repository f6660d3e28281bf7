import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { readNetworkFile } from '#wire/network-file/read-network-file.ts';

export const fixture = (name: string): string => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const read = (text: string) => readNetworkFile(bytesOf(text), (path) => resolve('/srv/network', path));

/** `line:column path: message` of every problem. */
export const problemsOf = (text: string): readonly string[] => {
  const loaded = read(text);
  if (loaded.kind === 'ok') return [];
  return loaded.problems.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`);
};

export const MINIMAL = fixture('minimal.yaml');
export type Json = { [key: string]: Json } & Json[];

const minimalAfter = (change: (file: Json) => void): string => {
  const file = parse(MINIMAL) as Json;
  change(file);
  return stringify(file);
};

/** Messages about the minimal file after a change, without positions. */
export const messagesAfter = (change: (file: Json) => void): readonly string[] =>
  problemsOf(minimalAfter(change)).map((one) => one.replace(/^\d+:\d+ /, ''));

/** What the minimal file says after a change that leaves it valid. */
export const inventoryAfter = (change: (file: Json) => void) => {
  const loaded = read(minimalAfter(change));
  if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.problems));
  return loaded.inventory;
};

export const set = (target: unknown, values: object): void => {
  Object.assign(target as object, values);
};
