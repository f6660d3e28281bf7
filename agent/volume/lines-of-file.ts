import { createReadStream } from 'node:fs';

/** Lines that each end with a line feed. (Node's readline ends them at other characters too, which may stand in paths.) */
export async function* linesOfFile(file: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(file, 'utf8') as AsyncIterable<string>) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
