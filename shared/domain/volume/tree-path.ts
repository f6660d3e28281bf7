/**
 * Which paths a tree may have. They become parts of URLs, names of files on the disk of whoever copies a volume, and lines of
 * documents whose hash is an identity, so each has exactly one spelling: relative, no empty segment, no `.` or `..`, no control
 * characters, no unpaired surrogates (UTF-8 has no bytes for those). Whatever else a file system allows is allowed.
 */

/** Keys of objects and names of files end at about this. */
const LONGEST_PATH = 1_024;
const LONGEST_SEGMENT = 255;

const hasControl = (path: string): boolean => {
  for (let at = 0; at < path.length; at += 1) {
    const unit = path.charCodeAt(at);
    if (unit < 0x20 || unit === 0x7f) return true;
  }
  return false;
};

const segmentProblem = (segment: string): string | undefined => {
  if (segment === '') return 'a path does not begin or end with a slash, nor has two in a row';
  if (segment === '.' || segment === '..') return 'a path has no . or .. in it';
  return segment.length > LONGEST_SEGMENT ? `a name is at most ${LONGEST_SEGMENT} characters` : undefined;
};

/** What is wrong with the path, or undefined. */
export const treePathProblem = (path: string): string | undefined => {
  if (path === '') return 'a path is not empty';
  if (path.length > LONGEST_PATH) return `a path is at most ${LONGEST_PATH} characters`;
  if (hasControl(path)) return 'a path has no control characters';
  if (!path.isWellFormed()) return 'a path is well-formed Unicode';
  for (const segment of path.split('/')) {
    const problem = segmentProblem(segment);
    if (problem !== undefined) return problem;
  }
  return undefined;
};
