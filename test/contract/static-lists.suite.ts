import { expect, test } from 'vitest';
import { Fault } from '#domain/errors.ts';
import type { StaticList, StaticLists } from '#ports/static-lists.ts';
import { onCommand } from '../support/fault-injection.ts';
import type { MakePlace } from './places.ts';

const listOf = (path: string, body = path): StaticList => ({ path, contentType: 'text/plain', body });
const MANY = Array.from({ length: 40 }, (_, index) => listOf(`mirrorlist/fedora-${index}/x86_64`));

export const staticListsContract = (make: MakePlace<StaticLists>): void => {
  test('counts what was written and removed', async () => {
    const lists = (await make()).open();
    expect(await lists.replace(MANY)).toBe(40);
    expect(await lists.replace(MANY.slice(0, 38))).toBe(2);
    expect(await lists.replace([...MANY.slice(0, 37), listOf('mirrorlist/fedora-37/x86_64', 'new')])).toBe(1);
    expect(await lists.replace([])).toBe(38);
    expect(await lists.replace([])).toBe(0);
  });

  test('unchanged lists cost one read', async () => {
    const place = await make();
    await place.open().replace(MANY);
    const commands: string[] = [];
    const watched = place.open(({ command }) => {
      commands.push(command);
      return undefined;
    });
    expect(await watched.replace(MANY)).toBe(0);
    expect(commands).toEqual(['GetObjectCommand']);
  });

  test('a list whose type alone changed is written', async () => {
    const lists = (await make()).open();
    await lists.replace([listOf('metalink/a/b')]);
    expect(await lists.replace([{ ...listOf('metalink/a/b'), contentType: 'application/metalink+xml' }])).toBe(1);
  });

  test('a run that was cut off is made whole by the next', async () => {
    const place = await make();
    const lost = { kind: 'request-lost' } as const;
    let puts = 0;
    const unlucky = place.open(({ command }) => {
      if (command === 'PutObjectCommand') puts += 1;
      return puts > 20 ? lost : undefined;
    });
    await expect(unlucky.replace(MANY)).rejects.toThrow(Fault);
    expect(await place.open().replace(MANY)).toBe(40);
    await expect(place.open(onCommand('PutObjectCommand', lost, lost, lost)).replace([])).rejects.toThrow(Fault);
    expect(await place.open().replace([])).toBe(40);
    expect(await place.open().replace([])).toBe(0);
  });
};
