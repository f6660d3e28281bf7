export interface TaskPool {
  /** Begins the task once there is room; resolves then, and not at the task's end. Throws what an earlier one threw. */
  readonly start: (task: () => Promise<void>) => Promise<void>;
  /** Resolves once all have ended, and throws what one of them threw first. */
  readonly idle: () => Promise<void>;
}

/** Runs so many tasks at a time. After one has failed none is begun. */
export const taskPool = (size: number): TaskPool => {
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;

  const throwFailure = (): void => {
    if (failure !== undefined) throw failure.error;
  };
  const run = async (task: () => Promise<void>): Promise<void> => {
    try {
      await task();
    } catch (error) {
      failure ??= { error };
    }
  };

  return {
    start: async (task) => {
      while (running.size >= size) await Promise.race(running);
      throwFailure();
      const promise = run(task);
      running.add(promise);
      void promise.then(() => running.delete(promise));
    },
    idle: async () => {
      await Promise.all(running);
      throwFailure();
    },
  };
};
