/** The process ended: nothing that follows runs, and no error handler either may rely on it. */
export class Killed extends Error {}

type Port = Readonly<Record<string, unknown>>;

/**
 * Ports that end the process at the nth call of any of them: `before` the call reached the other side, or `after` it did and only
 * the answer was lost; what it would do later is not done. At 0 nothing ends it. `calls` says how many were made.
 */
export const killSwitch = (at: number, side: 'before' | 'after') => {
  let calls = 0;
  const wrap = <T extends object>(port: T): T =>
    new Proxy(port, {
      get: (target, name) => {
        const member = (target as Port)[name as string];
        if (typeof member !== 'function') return member;
        return async (...parameters: unknown[]) => {
          calls += 1;
          const mine = calls;
          if (at > 0 && mine > at) throw new Killed(`long before ${String(name)}`);
          if (mine === at && side === 'before') throw new Killed(`before ${String(name)}`);
          const answer: unknown = await member.apply(target, parameters);
          if (mine === at) throw new Killed(`after ${String(name)}`);
          return answer;
        };
      },
    });
  return { wrap, calls: () => calls };
};
