import type { WriteStream } from 'node:tty';

export interface Progress {
  /** Says what is being done now; on a terminal it replaces what was said before. */
  show(text: string): void;
  /** A line that stays. */
  line(text: string): void;
  /** Clears what is not meant to stay. */
  end(): void;
}

const CLEAR_LINE = '\r\u001b[2K';

/** A live line on a terminal; otherwise one plain line whenever the words before the numbers change. */
export function progress(out: Pick<WriteStream, 'write' | 'isTTY' | 'columns'>): Progress {
  let lastStep = '';
  let live = false;
  const clear = (): void => {
    if (live) out.write(CLEAR_LINE);
    live = false;
  };
  return {
    show(text) {
      if (out.isTTY === true) {
        out.write(`${CLEAR_LINE}${text.slice(0, Math.max(20, (out.columns ?? 80) - 1))}`);
        live = true;
        return;
      }
      const step = text.replace(/ \d+\/\d+.*$/, '');
      if (step !== lastStep) out.write(`${text}\n`);
      lastStep = step;
    },
    line(text) {
      clear();
      out.write(`${text}\n`);
    },
    end: clear,
  };
}
