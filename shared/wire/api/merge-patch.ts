import { isMapping } from '../network-file/raw.ts';

/** RFC 7396: null takes a key away, mappings are merged, everything else replaces. Deep documents are the caller's to refuse. */
export const mergePatch = (target: unknown, patch: unknown): unknown => {
  if (!isMapping(patch)) return patch;
  const kept = isMapping(target) ? target : {};
  const merged = new Map(Object.entries(kept));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
};
