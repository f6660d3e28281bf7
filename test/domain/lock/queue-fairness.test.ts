import { expect, test } from 'vitest';
import { simulateHosts } from '../../../bench/locks/simulate-hosts.ts';

const HALF_AN_HOUR_MS = 1_800_000;
const FLEET = { arriveWithinMs: HALF_AN_HOUR_MS, meanHoldMs: 480_000 };

test('four thousand hosts get a hundred slots in their order, with few questions, and the slots idle little although some hosts die', async () => {
  const figures = await simulateHosts({ ...FLEET, hosts: 4_000, slots: 100, deadShare: 0.05 });
  expect(figures.died).toBeGreaterThan(100);
  expect(figures.served + figures.died).toBe(4_000);
  expect(figures.requestsPerHost).toBeLessThanOrEqual(15);
  expect(figures.slotIdleShare).toBeLessThanOrEqual(0.03);
  expect(figures.meanOrderShift).toBeLessThanOrEqual(2);
  expect(figures.maxOvertakes).toBeLessThanOrEqual(25);
});

test('who asks up to a minute later than told is overtaken by no more than came in that minute', async () => {
  const figures = await simulateHosts({ ...FLEET, hosts: 3_000, slots: 100, deadShare: 0.02, slowShare: 0.2, slowByMs: 50_000 });
  expect(figures.served + figures.died).toBe(3_000);
  expect(figures.meanOrderShift).toBeLessThanOrEqual(2);
  // A slot is freed every 4.8 s: some 25 in the time that it sleeps last and the minute that it is late.
  expect(figures.maxOvertakes).toBeLessThanOrEqual(25);
});

test('whoever lives gets a slot in the end, however many die and however late it asks', async () => {
  for (const slots of [1, 4]) {
    const fleet = { ...FLEET, hosts: 80, slots, deadShare: 0.3, slowShare: 0.3, slowByMs: 900_000 };
    const figures = await simulateHosts(fleet);
    expect(figures.served + figures.died).toBe(80);
  }
});
