/**
 * Decides which paths of a master do not exist for the network. Each exclude is a regular expression over the whole path of a
 * directory or a file, relative to the category; whatever lies below an excluded directory is excluded with it. MirrorManager2
 * searches anywhere in the path instead, where `.*\.snapshot` also takes `my.snapshot.tar`; anchoring makes an exclude say what
 * it means.
 */

/** The predicate for paths without a leading slash. Throws SyntaxError on a malformed expression. */
export const compileExcludes = (excludes: readonly string[]): ((path: string) => boolean) => {
  const patterns = excludes.map((exclude) => new RegExp(`^(?:${exclude})(?:/|$)`, 'us'));
  return (path) => patterns.some((pattern) => pattern.test(path));
};
