import type { Log } from '#ports/log.ts';

export interface Line {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A log that a test can read. */
export const recordedLog = (): Log & { readonly lines: readonly Line[] } => {
  const lines: Line[] = [];
  const at =
    (level: Line['level']): Log['info'] =>
    (message, fields = {}) => {
      lines.push({ level, message, fields });
    };
  return { lines, info: at('info'), warn: at('warn'), error: at('error') };
};
