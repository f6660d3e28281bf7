import { type FunctionDefinition, FunctionFailure, type FunctionInstance, functionInstance } from './function-instance.ts';

export interface FunctionPool {
  /** Runs the function on a free instance, a new one, or the next that becomes free. Rejects with FunctionFailure. */
  invoke(event: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

export type FunctionLog = (functionName: string, line: string) => void;

/**
 * The instances of one function, as Lambda keeps them: none until the first event, never more than `concurrency`, reused while they
 * live, replaced after a crash or a time-out. Waiting events are served in the order they came.
 */
export function functionPool(definition: FunctionDefinition, log: FunctionLog): FunctionPool {
  const idle: FunctionInstance[] = [];
  const busy = new Set<FunctionInstance>();
  const queue: (() => void)[] = [];
  let stopped = false;

  function take(): FunctionInstance | undefined {
    let instance = idle.pop();
    while (instance !== undefined && !instance.alive()) instance = idle.pop();
    if (instance === undefined && busy.size < definition.concurrency) {
      instance = functionInstance(definition, (line) => log(definition.name, line));
    }
    return instance;
  }

  async function acquire(): Promise<FunctionInstance> {
    for (;;) {
      if (stopped) throw new FunctionFailure(`${definition.name} is stopping`);
      const instance = take();
      if (instance !== undefined) {
        busy.add(instance);
        return instance;
      }
      await new Promise<void>((resolve) => queue.push(resolve));
    }
  }

  function release(instance: FunctionInstance): void {
    busy.delete(instance);
    if (instance.alive()) idle.push(instance);
    queue.shift()?.();
  }

  return {
    async invoke(event) {
      const instance = await acquire();
      try {
        return await instance.invoke(event);
      } finally {
        release(instance);
      }
    },
    async stop() {
      stopped = true;
      for (const wake of queue.splice(0)) wake();
      await Promise.all([...idle.splice(0), ...busy].map((instance) => instance.stop()));
    },
  };
}
