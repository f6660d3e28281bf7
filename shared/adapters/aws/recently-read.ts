/**
 * The last few immutable values that were read, oldest use dropped first. Readers that ask for the same name at once share one
 * read; a read that failed is forgotten.
 */
export const recentlyRead = <Value>(capacity: number): ((name: string, read: () => Promise<Value>) => Promise<Value>) => {
  const values = new Map<string, Promise<Value>>();
  return (name, read) => {
    const known = values.get(name);
    values.delete(name);
    const value = known ?? read();
    values.set(name, value);
    for (const oldest of values.keys()) {
      if (values.size <= capacity) break;
      values.delete(oldest);
    }
    if (known === undefined) {
      value.catch(() => {
        if (values.get(name) === value) values.delete(name);
      });
    }
    return value;
  };
};
