export interface Timeline {
  at(timeMs: number, work: () => void | Promise<void>): void;
  now(): number;
  /** Until nothing is left to happen. */
  run(): Promise<void>;
}

interface Entry {
  readonly timeMs: number;
  readonly order: number;
  readonly work: () => void | Promise<void>;
}

const isBefore = (left: Entry, right: Entry): boolean =>
  left.timeMs < right.timeMs || (left.timeMs === right.timeMs && left.order < right.order);

/** Simulated time: what is due happens in the order of its time, one after another, and time stands still meanwhile. */
export const timeline = (startMs: number): Timeline => {
  const heap: Entry[] = [];
  let nowMs = startMs;
  let orders = 0;

  const push = (entry: Entry): void => {
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  };

  const pop = (): Entry | undefined => {
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const [first, second] = [heap[left], heap[left + 1]];
      if (first === undefined) break;
      const child = second !== undefined && isBefore(second, first) ? left + 1 : left;
      const below = heap[child];
      if (below === undefined || !isBefore(below, last)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
    return top;
  };

  return {
    at: (timeMs, work) => {
      orders += 1;
      push({ timeMs: Math.max(timeMs, nowMs), order: orders, work });
    },
    now: () => Math.round(nowMs),
    async run() {
      for (let entry = pop(); entry !== undefined; entry = pop()) {
        nowMs = entry.timeMs;
        const working = entry.work();
        if (working !== undefined) await working;
      }
    },
  };
};
