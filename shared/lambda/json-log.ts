import type { Log } from '#ports/log.ts';

/** A log line above 256 KiB is cut by CloudWatch in the middle of its JSON; no text of ours needs more than this. */
const MAX_TEXT = 4_000;
const MAX_CAUSES = 5;
// JSON escapes what is below U+0020. DEL and C1 (a terminal obeys them) and the two line separators are escaped here.
const UNSAFE = /[\u007f-\u009f\u2028\u2029]/g;

const cut = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${text.length} characters)` : text);

/** An error with its causes, in the order in which they led to each other. */
const plainError = (error: Error, depth = 0): Record<string, unknown> => ({
  name: error.name,
  message: error.message,
  ...(depth === 0 && { stack: error.stack }),
  ...(error.cause !== undefined && depth < MAX_CAUSES && { cause: plainCause(error.cause, depth + 1) }),
});

const plainCause = (cause: unknown, depth: number): unknown => (cause instanceof Error ? plainError(cause, depth) : cause);

const plain = (_key: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'string') return cut(value);
  return value instanceof Error ? plainError(value) : value;
};

type Fields = Readonly<Record<string, unknown>>;

const lineOf = (head: Fields, fields: Fields): string => {
  try {
    return JSON.stringify({ ...fields, ...head }, plain);
  } catch (error) {
    // Circular fields, or a getter that throws: the message must come through all the same.
    return JSON.stringify({ ...head, unprintable: error instanceof Error ? error.name : 'fields' });
  }
};

/**
 * One line of JSON per call: `time`, `level`, `message`, then the fields. Errors among the fields keep their causes. Control
 * characters never reach the output raw, whoever wrote them. Never throws for what it is given.
 */
export const jsonLog = (
  write: (line: string) => unknown = (line) => process.stdout.write(line),
  now: () => Date = () => new Date(),
): Log => {
  const at =
    (level: 'info' | 'warn' | 'error') =>
    (message: string, fields: Fields = {}): void => {
      const line = lineOf({ time: now().toISOString(), level, message: cut(message) }, fields);
      write(`${line.replace(UNSAFE, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`);
    };
  return { info: at('info'), warn: at('warn'), error: at('error') };
};
