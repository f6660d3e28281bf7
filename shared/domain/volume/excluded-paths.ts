/** Whether a path of a volume is one that its upstream's excludes leave out: expressions over whole paths. */
export type IsExcluded = (path: string) => boolean;

export const excludedPaths = (excludes: readonly string[]): IsExcluded => {
  const patterns = excludes.map((pattern) => new RegExp(`^(?:${pattern})$`, 'u'));
  return (path) => patterns.some((pattern) => pattern.test(path));
};
