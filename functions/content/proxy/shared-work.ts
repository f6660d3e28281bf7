/** Work that several ask for at once and that is done once. */
export interface SharedWork<Result> {
  /** `isFirst`: it was done for the caller. */
  readonly join: (name: string, work: () => Promise<Result>) => Promise<{ readonly result: Result; readonly isFirst: boolean }>;
}

/** Nothing is remembered once it is done. */
export const sharedWork = <Result>(): SharedWork<Result> => {
  const running = new Map<string, Promise<Result>>();
  return {
    join: async (name, work) => {
      const known = running.get(name);
      if (known !== undefined) return { result: await known, isFirst: false };
      const started = work().finally(() => running.delete(name));
      running.set(name, started);
      return { result: await started, isFirst: true };
    },
  };
};
