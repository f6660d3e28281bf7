import type { Manifest } from '#domain/master/manifest.ts';
import type { ManifestPointer, ManifestStore } from '#ports/manifest-store.ts';

export interface MemoryManifestStore extends ManifestStore {
  /** Objects by name, whether a pointer names them or not. */
  readonly objects: ReadonlyMap<string, Manifest>;
  /** Called between the object and the pointer; throwing there is a process that was killed. */
  beforePointer: () => void;
}

/** A ManifestStore in memory, with its two steps kept apart. Names are counted, not hashed. */
export const memoryManifestStore = (): MemoryManifestStore => {
  const objects = new Map<string, Manifest>();
  const pointers = new Map<string, ManifestPointer>();
  const store: MemoryManifestStore = {
    objects,
    beforePointer: () => undefined,
    pointer: async (category) => pointers.get(category),
    read: async ({ name }) => {
      const manifest = objects.get(name);
      if (manifest === undefined) throw new Error(`no object ${name}`);
      return structuredClone(manifest);
    },
    publish: async (manifest, expected, scannedMs) => {
      const { category, generation, createdMs: changedMs } = manifest;
      const name = `${objects.size + 1}`;
      objects.set(name, structuredClone(manifest));
      store.beforePointer();
      const winner = pointers.get(category);
      if (winner?.generation !== expected) return { kind: 'lost', winner };
      const pointer = { category, generation, name, changedMs, scannedMs };
      pointers.set(category, pointer);
      return { kind: 'published', pointer };
    },
    confirm: async (pointer, scannedMs) => {
      const present = pointers.get(pointer.category);
      if (present?.generation === pointer.generation) pointers.set(pointer.category, { ...present, scannedMs });
    },
  };
  return store;
};
