/** Steps from the document's top to the value: keys and list positions. */
export type ProblemPath = readonly (string | number)[];

/** Something in the file that must be repaired; written for the person who wrote the file. */
export interface NetworkFileProblem {
  readonly path: ProblemPath;
  /** Whether the key itself is at fault (unknown, duplicate) or its value. */
  readonly at: 'key' | 'value';
  readonly message: string;
}

export const problem = (path: ProblemPath, message: string, at: 'key' | 'value' = 'value'): NetworkFileProblem => ({
  path,
  at,
  message,
});

const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** `hosts[3].country`, as people say it; the document itself is the empty text. */
export const printPath = (path: ProblemPath): string =>
  path
    .map((step) => {
      if (typeof step === 'number') return `[${step}]`;
      return PLAIN_KEY.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
    })
    .join('')
    .replace(/^\./, '');
