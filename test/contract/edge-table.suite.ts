import { expect, test } from 'vitest';
import { Fault } from '#domain/errors.ts';
import type { EdgeTable } from '#ports/edge-table.ts';
import type { MakePlace } from './places.ts';

const A = { key: 'asn/3', value: '1' };
const B = { key: 'lengths4', value: '24,16' };

export const edgeTableContract = (make: MakePlace<EdgeTable>): void => {
  test('counts what was written and removed', async () => {
    const table = (await make()).open();
    expect(await table.replace([A, B])).toBe(2);
    expect(await table.replace([A, { ...B, value: '24' }])).toBe(1);
    expect(
      await table.replace([
        { ...B, value: '24' },
        { key: 'asn/4', value: '1' },
      ]),
    ).toBe(2);
    expect(await table.replace([])).toBe(2);
  });

  test('writes nothing when nothing changed, in whatever order', async () => {
    const place = await make();
    await place.open().replace([A, B]);
    const commands: string[] = [];
    const watched = place.open(({ command }) => {
      commands.push(command);
      return undefined;
    });
    expect(await watched.replace([B, A])).toBe(0);
    expect(commands.filter((command) => /^(Put|Update|Delete)/.test(command))).toEqual([]);
  });

  test('a lost request without end is a Fault', async () => {
    await expect((await make()).open(() => ({ kind: 'request-lost' })).replace([A])).rejects.toThrow(Fault);
  });
};
