import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { VOLUME_EXIT_CODES } from '../../../agent/volume/volume-exit.ts';
import { useEmulators } from '../../support/emulators.ts';
import { useVolumeScene } from './support/volume-scene.ts';

const scene = useVolumeScene(useEmulators());

const page = await readFile(fileURLToPath(new URL('../../../docs/publish.md', import.meta.url)), 'utf8');

test('the exit codes are those of the publisher’s page', () => {
  const said = new Map([...page.matchAll(/^\| `(\w+)` \| (\d+) \|/gm)].map(([, kind = '', code]) => [kind, Number(code)]));
  expect(Object.fromEntries(said)).toEqual(VOLUME_EXIT_CODES);
});

const wordsOf = (line: string): readonly string[] =>
  [...line.replace(/ #.*$/, '').matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

test('its commands do what it says, one after the other', async () => {
  const lines = [...page.matchAll(/^mirrortide .*$/gm)].map(([line]) => line);
  await scene().put('bin/tool', 'one');
  for (const line of lines) {
    const words = wordsOf(line)
      .slice(1)
      .map((word) => (word === './build' ? scene().folder : word));
    const { code, err } = await scene().typed('wendy', ...words);
    expect({ line, code, err: code === 0 ? '' : err }).toEqual({ line, code: 0, err: '' });
    if (line.startsWith('mirrortide release')) await scene().put('bin/tool', 'two');
  }
  const log = await scene().setup.volumes.log('tools', 50);
  const moved = log.filter(({ transition }) => ['commit', 'roll-back'].includes(transition));
  expect(moved.map(({ transition }) => transition).toReversed()).toEqual(['commit', 'commit', 'roll-back', 'commit']);
  expect(await scene().setup.volumes.pointer('tools')).toMatchObject({ hold: undefined, lease: undefined, moves: 4 });
});
