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

const STEP = /\.?([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;

const unquoted = (text: string): string | undefined => {
  try {
    return String(JSON.parse(text));
  } catch {
    return undefined;
  }
};

/** The inverse of `printPath`; undefined for what it would not write. */
export const parsePath = (text: string): ProblemPath | undefined => {
  const steps: (string | number)[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < text.length) {
    const [, key, index, quoted] = STEP.exec(text) ?? [];
    const step = key ?? (index === undefined ? unquoted(quoted ?? '') : Number(index));
    if (step === undefined) return undefined;
    steps.push(step);
  }
  return steps;
};
