import { beforeAll, expect, test } from 'vitest';
import { type CheckWork, checkRelease } from '../../../functions/check-release/check-release.ts';
import { useEmulators } from '../../support/emulators.ts';
import { Killed, killSwitch } from '../../support/killed-at.ts';
import { type Files, prepare, publisher } from '../../support/publish-release.ts';
import { hashOf } from '../../support/tree-arbitrary.ts';
import { type VolumesSetup, volumesSetup } from '../../support/volumes-setup.ts';

const emulators = useEmulators();
let setup: VolumesSetup;
beforeAll(async () => {
  setup = await volumesSetup(emulators);
  const { root } = await publisher(setup, 'tools').publish({ first: 'first' });
  await setup.ask('bob', 'POST', '/volumes/tools/release', { release: root });
});

let releases = 0;

/** The first check of a release that nobody published before, killed; then the same message again, until it is done. */
const checkKilled = async (files: (name: string) => Files, isWhole: boolean, at: number) => {
  releases += 1;
  const prepared = prepare(files(`release ${releases}`));
  const ann = publisher(setup, 'tools');
  await ann.stage(prepared);
  const [, ...rest] = [...prepared.objects].toReversed();
  await ann.store(isWhole ? prepared : { ...prepared, objects: new Map(rest) });
  await ann.seal(prepared);
  const [message] = setup.queued.splice(0);
  const { wrap } = killSwitch(at, 'after');
  const { content, volumes, objects, dooms } = setup.check;
  const killed = {
    ...setup.check,
    content: wrap(content),
    volumes: wrap(volumes),
    objects: wrap(objects),
    dooms: wrap(dooms),
  };
  const work = message?.work as CheckWork;
  const isKilled = await checkRelease(killed, work).then(
    () => false,
    (error: unknown) => error instanceof Killed,
  );
  const version = (await setup.volumes.pointer('tools')).version;
  await checkRelease(setup.check, work);
  await checkRelease(setup.check, work);
  const { sha256: root } = prepared.tree;
  const entries = (await setup.volumes.log('tools', 10)).filter(({ release }) => release === root);
  return {
    isKilled,
    /** Whether the check that was not killed had anything left to do. */
    isResumed: (await setup.volumes.pointer('tools')).version > version,
    state: await ann.state(root),
    log: entries.map(({ transition }) => transition).toReversed(),
  };
};

const GOOD = (name: string): Files => ({ 'a/first': `first of ${name}`, b: name });
const BAD = (name: string): Files => ({ ...GOOD(name), SHA256SUMS: `${hashOf('else')}  b\n` });

test.each([
  ['of which all is good', GOOD, true, 'VALIDATED', ['stage', 'seal', 'validate']],
  ['of which something is wrong', BAD, true, 'REJECTED', ['stage', 'seal', 'reject']],
  ['of which something is missing', GOOD, false, 'ABORTED', ['stage', 'abort']],
] as const)(
  'a check of a release %s ends the same wherever it is killed',
  { timeout: 60_000 },
  async (_, files, whole, state, log) => {
    let [at, resumed] = [1, 0];
    // To be killed before a call is to be killed after the one before it.
    for (let isKilled = true; isKilled; at += 1) {
      const found = await checkKilled(files, whole, at);
      expect({ at, state: found.state, log: found.log }).toEqual({ at, state, log });
      isKilled = found.isKilled;
      if (isKilled && found.isResumed) resumed += 1;
    }
    // Rules, release, documents, pointer, dooms, objects, decisions.
    expect(at).toBeGreaterThan(10);
    expect(resumed).toBeGreaterThan(5);
  },
);
