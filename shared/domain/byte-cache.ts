/**
 * Values by key for as long as their sizes together stay below a limit; what was not asked for the longest goes first. A value that
 * is larger than the limit is not kept at all.
 */
export interface ByteCache<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value, sizeBytes: number): void;
  delete(key: string): void;
}

export const byteCache = <Value>(maximumBytes: number): ByteCache<Value> => {
  // A Map keeps the order of insertion: the first key is the one that was not asked for the longest.
  const kept = new Map<string, { readonly value: Value; readonly sizeBytes: number }>();
  let totalBytes = 0;

  const remove = (key: string): void => {
    totalBytes -= kept.get(key)?.sizeBytes ?? 0;
    kept.delete(key);
  };

  return {
    get: (key) => {
      const found = kept.get(key);
      if (found === undefined) return undefined;
      kept.delete(key);
      kept.set(key, found);
      return found.value;
    },
    set: (key, value, sizeBytes) => {
      remove(key);
      if (sizeBytes > maximumBytes) return;
      kept.set(key, { value, sizeBytes });
      totalBytes += sizeBytes;
      for (const oldest of kept.keys()) {
        if (totalBytes <= maximumBytes) break;
        remove(oldest);
      }
    },
    delete: remove,
  };
};
