import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isAway, STORED_STATES } from '#domain/drain/drain-state.ts';
import { type From, TRANSITION_NAMES, TRANSITION_TABLE } from '#domain/drain/transitions.ts';

const isOut = (state: From): boolean => state !== 'none' && isAway(state);

/** As docs/drain.md shows it. */
const printed = (): string =>
  [
    '| transition | by | from | to | slots | new fence | when |',
    '|---|---|---|---|---|---|---|',
    ...TRANSITION_NAMES.map((name) => {
      const { by, from, to, slots, givesFence, when } = TRANSITION_TABLE[name];
      return `| ${name} | ${by} | ${from.join(', ')} | ${to} | ${slots} | ${givesFence ? 'yes' : ''} | ${when} |`;
    }),
  ].join('\n');

describe('the table of transitions', () => {
  test('is the one in the documentation', () => {
    const text = readFileSync(new URL('../../../docs/drain.md', import.meta.url), 'utf8');
    const [, shown = ''] = /<!-- transitions -->\n([\s\S]*?)\n<!-- \/transitions -->/.exec(text) ?? [];
    expect(shown.trim()).toBe(printed());
  });

  test('lets nobody return to service but by a check', () => {
    const returning = TRANSITION_NAMES.filter((name) => {
      const { from, to } = TRANSITION_TABLE[name];
      return to !== 'same' && !isOut(to) && from.some(isOut);
    });
    expect(returning).toEqual(['return']);
    expect(TRANSITION_TABLE.return.by).toBe('crawler');
  });

  test('lets nobody leave service but by a slot, uncounted, or by an operator’s order', () => {
    const leaving = TRANSITION_NAMES.flatMap((name) => {
      const { from, to, slots } = TRANSITION_TABLE[name];
      return to !== 'same' && isOut(to) && from.some((state) => !isOut(state)) ? [`${name}: ${slots}`] : [];
    });
    expect(leaving).toEqual([
      'drain: take',
      'provision: not-listed',
      'drain-unlisted: not-listed',
      'turn: take',
      'turn-unlisted: not-listed',
      'drain-second: take',
      'hold: leave',
    ]);
  });

  test('gives a new fence whenever a host leaves service anew, so that an older one never fits', () => {
    for (const name of TRANSITION_NAMES) {
      const { from, to, givesFence } = TRANSITION_TABLE[name];
      const leaves = to !== 'same' && isOut(to) && from.some((state) => state === 'none' || state === 'IN_SERVICE');
      if (leaves) expect([name, givesFence]).toEqual([name, true]);
    }
  });

  test('lets every state be left and reached', () => {
    const reached = new Set(TRANSITION_NAMES.map((name) => TRANSITION_TABLE[name].to));
    const left = new Set(TRANSITION_NAMES.flatMap((name) => TRANSITION_TABLE[name].from));
    expect(STORED_STATES.filter((state) => !reached.has(state))).toEqual([]);
    expect(STORED_STATES.filter((state) => !left.has(state))).toEqual([]);
  });
});
