/** By hand: an expression for slashes at the end looks at every slash inside as often as slashes follow it. */
export const withoutOuterSlashes = (path: string): string => {
  let [start, end] = [0, path.length];
  while (path[start] === '/') start += 1;
  while (end > start && path[end - 1] === '/') end -= 1;
  return path.slice(start, end);
};
