import { describe, expect, test } from 'vitest';
import { Fault } from '#domain/errors.ts';
import { heldValue } from '../../../functions/content/held-value.ts';

/** A value that is loaded when the test says so. */
const setup = () => {
  const waiting: { readonly give: (value: string) => void; readonly fail: (error: Error) => void }[] = [];
  const faults: unknown[] = [];
  const seen: (string | undefined)[] = [];
  let nowMs = 0;
  const held = heldValue<string>({
    everyMs: 100,
    load: (before) => {
      seen.push(before);
      return new Promise((give, fail) => waiting.push({ give, fail }));
    },
    clock: { now: () => nowMs },
    onFault: (error) => faults.push(error),
  });
  return {
    held,
    faults,
    seen,
    next: () => waiting.shift(),
    loads: () => waiting.length,
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
};

describe('a held value', () => {
  test('is loaded by one for all, and again when it is old', async () => {
    const { held, next, loads, pass, seen } = setup();
    const first = [held.current(), held.current(), held.current()];
    expect(loads()).toBe(1);
    next()?.give('a');
    expect(await Promise.all(first)).toEqual(['a', 'a', 'a']);
    pass(99);
    expect([await held.current(), loads()]).toEqual(['a', 0]);
    pass(1);
    const second = held.current();
    expect(await held.current()).toBe('a');
    next()?.give('b');
    expect(await second).toBe('b');
    expect(seen).toEqual([undefined, 'a']);
  });

  test('stays when it cannot be had, and is not asked for again at once', async () => {
    const { held, next, loads, pass, faults } = setup();
    const first = held.current();
    next()?.give('a');
    await first;
    pass(100);
    const second = held.current();
    next()?.fail(new Fault('down'));
    expect(await second).toBe('a');
    expect(faults).toEqual([new Fault('down')]);
    pass(4_999);
    expect([await held.current(), loads()]).toEqual(['a', 0]);
    pass(1);
    void held.current();
    expect(loads()).toBe(1);
  });

  test('that was never there is a fault, and asked for by whoever comes next', async () => {
    const { held, next } = setup();
    const first = held.current();
    next()?.fail(new Fault('down'));
    await expect(first).rejects.toThrow('down');
    const second = held.current();
    next()?.give('a');
    expect(await second).toBe('a');
  });

  test('is fresh when it was asked for after the call: what is under way is waited for, and asked for once more by one for all', async () => {
    const { held, next, loads } = setup();
    const first = held.current();
    const fresh = [held.fresh(), held.fresh()];
    expect(loads()).toBe(1);
    next()?.give('a');
    await first;
    await Promise.resolve();
    expect(loads()).toBe(1);
    next()?.give('b');
    expect(await Promise.all(fresh)).toEqual(['b', 'b']);
    const failing = held.fresh();
    next()?.fail(new Fault('down'));
    await expect(failing).rejects.toThrow('down');
    expect(await held.current()).toBe('b');
  });
});
