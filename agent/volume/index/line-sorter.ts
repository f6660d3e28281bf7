import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { linesOfFile } from '../lines-of-file.ts';

export interface LineSorter {
  /** Without a line's end in it. */
  readonly add: (line: string) => void;
  /** All of them in the order of their code units; may be read more than once, and then nothing is added any more. */
  readonly sorted: () => AsyncGenerator<string>;
}

const RUN_CHARACTERS = 16 * 2 ** 20;

/** Sorts more lines than there is memory for: runs that are sorted go to files, which are read side by side in the end. */
export const lineSorter = (folder: string, runCharacters = RUN_CHARACTERS): LineSorter => {
  const runs: string[] = [];
  let [lines, characters]: [string[], number] = [[], 0];

  const flush = (): void => {
    if (lines.length === 0) return;
    const file = join(folder, `run-${runs.length}`);
    writeFileSync(file, `${lines.toSorted(byCodeUnits).join('\n')}\n`);
    runs.push(file);
    [lines, characters] = [[], 0];
  };

  return {
    add: (line) => {
      lines.push(line);
      characters += line.length;
      if (characters >= runCharacters) flush();
    },
    sorted: () => {
      flush();
      return merged(runs);
    },
  };
};

const byCodeUnits = (one: string, other: string): number => (one < other ? -1 : Number(one > other));

async function* merged(files: readonly string[]): AsyncGenerator<string> {
  const heads: { readonly rest: AsyncIterator<string>; line: string }[] = [];
  for (const file of files) {
    const rest = linesOfFile(file);
    const first = await rest.next();
    if (first.done !== true) heads.push({ rest, line: first.value });
  }
  while (heads.length > 0) {
    const least = heads.reduce((best, head) => (head.line < best.line ? head : best));
    yield least.line;
    const next = await least.rest.next();
    if (next.done === true) heads.splice(heads.indexOf(least), 1);
    else least.line = next.value;
  }
}
