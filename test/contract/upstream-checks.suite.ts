import { expect, test } from 'vitest';
import { dynamoUpstreamChecks } from '#adapters/aws/dynamo-upstream-checks.ts';
import { Fault } from '#domain/errors.ts';
import { noCheck, type UpstreamCheck } from '#domain/volume/upstream/upstream-check.ts';
import type { UpstreamChecks } from '#ports/upstream-checks.ts';
import type { EmulatorsInTest } from '../support/emulators.ts';
import { onCommand } from '../support/fault-injection.ts';
import { hashOf } from '../support/tree-arbitrary.ts';
import { faulty, freshTable, type MakePlace, quickRetries } from './places.ts';

export const upstreamChecks =
  (emulators: EmulatorsInTest, dynamoDb: EmulatorsInTest['dynamoDb'] = emulators.dynamoDb): MakePlace<UpstreamChecks> =>
  async () => {
    const table = await freshTable(dynamoDb(), emulators.freshName('volumes'), 'pk', 'sk');
    return { open: (plan) => dynamoUpstreamChecks(faulty(dynamoDb(quickRetries()), plan), table) };
  };

const FULL: UpstreamCheck = {
  volume: 'v',
  startedMs: 1_000,
  end: 'upstream_broken',
  problem: 'pool/ä: is another',
  failures: 2,
  checkedMs: 900,
  changedMs: 800,
  releasedMs: 850,
  notBeforeMs: 2_000,
  source: hashOf('source'),
  heads: [
    { path: 'dists/a/InRelease', sha256: hashOf('a'), etag: '"1-2"', lastModified: 'Thu, 01 Jan 1970 00:00:00 GMT' },
    { path: 'dists/b/Release', sha256: hashOf('b') },
  ],
  root: hashOf('root'),
  askedMs: 870,
};

export const upstreamChecksContract = (make: MakePlace<UpstreamChecks>): void => {
  test('of a volume that was never looked at nothing is known', async () => {
    const checks = (await make()).open();
    expect(await checks.read('v')).toBeUndefined();
    expect(await checks.readAll()).toEqual(new Map());
  });

  test('what was written comes back, whole', async () => {
    const checks = (await make()).open();
    expect(await checks.write(FULL, 3)).toBe('written');
    expect(await checks.write(noCheck('w'), 0)).toBe('written');
    expect(await checks.read('v')).toEqual(FULL);
    const all = new Map([
      ['v', FULL],
      ['w', noCheck('w')],
    ]);
    expect(await checks.readAll()).toEqual(all);
  });

  test('whoever has an older fence changes nothing', async () => {
    const checks = (await make()).open();
    await checks.write(FULL, 3);
    expect(await checks.write({ ...FULL, failures: 9 }, 2)).toBe('fenced');
    expect(await checks.read('v')).toEqual(FULL);
    expect(await checks.write({ ...FULL, failures: 0 }, 3)).toBe('written');
    expect((await checks.read('v'))?.failures).toBe(0);
  });

  test('a lost reply changes nothing', async () => {
    const checks = (await make()).open(onCommand('PutItemCommand', { kind: 'reply-lost' }));
    expect(await checks.write(FULL, 3)).toBe('written');
    expect(await checks.read('v')).toEqual(FULL);
  });

  test('a table that does not answer is a Fault', async () => {
    const checks = (await make()).open(() => ({ kind: 'request-lost' }));
    await expect(checks.read('v')).rejects.toThrow(Fault);
    await expect(checks.readAll()).rejects.toThrow(Fault);
    await expect(checks.write(FULL, 1)).rejects.toThrow(Fault);
  });
};
