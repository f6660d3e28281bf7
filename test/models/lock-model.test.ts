import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TRANSITIONS } from '#domain/lock/lock-state.ts';
import { TRANSITION_TABLE } from '#domain/lock/transitions.ts';
import { runProgram } from '../support/run-program.ts';

const model = fileURLToPath(new URL('../../docs/models/lock.pml', import.meta.url));
let folder: string;
let checks = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-model-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The verifier's own words: the number of errors, and the assertion that failed. Throws when not every state was visited. */
const check = async (options: string): Promise<{ readonly errors: number; readonly violated: string | undefined }> => {
  checks += 1;
  const cwd = join(folder, String(checks));
  await runProgram('mkdir', [cwd]);
  await runProgram('spin', ['-a', ...options.split(' ').filter(Boolean), model], { cwd });
  await runProgram('cc', ['-O1', '-w', '-DSAFETY', '-DCOLLAPSE', '-DMEMLIM=2000', '-o', 'pan', 'pan.c'], { cwd });
  const { stdout: printed } = await runProgram('./pan', ['-m100000'], { cwd });
  const errors = Number(/errors: (\d+)/.exec(printed)?.[1]);
  const violated = /assertion violated (.+) \(at depth/.exec(printed)?.[1];
  // A search that stopped for want of memory or depth has shown nothing.
  const whole = !/max search depth too small|out of memory/.test(printed);
  if (Number.isNaN(errors) || (violated === undefined && !whole)) throw new Error(printed);
  return { errors, violated };
};

const GRANTED_TWICE = '((last+1)>highest)';
const TWO_INSIDE = '(inside<=1)';
const INSIDE_WITHOUT_SLOT = '(slot[me]!=4)';
const ORPHAN = '(((slot[0]==2)+(slot[1]==2))==0)';

describe('the model of the lock', () => {
  it.each([
    ['one fault', '-DFAULTS=1'],
    ['a second round', '-DROUNDS=2 -DPOLLS=1 -DFAULTS=1'],
    ['updates that fail', '-DFAILURES -DFAULTS=1'],
    ['an operator who releases what he saw', '-DOPERATOR -DPOLLS=1 -DFAULTS=1'],
    ['three hosts and one slot', '-DHOSTS=3 -DPOLLS=1 -DFAULTS=0'],
    ['three hosts and two slots', '-DHOSTS=3 -DSLOTS=2 -DPOLLS=1 -DFAULTS=0'],
    ['clients without fences', '-DLEGACY -DROUNDS=2 -DPOLLS=1 -DFAULTS=1'],
    ['the late requests of a client without fences, four of them', '-DHOSTS=1 -DLEGACY -DROUNDS=2 -DPOLLS=3 -DFAULTS=4'],
    ['the late requests of a client without fences over three rounds', '-DHOSTS=1 -DLEGACY -DROUNDS=3 -DFAULTS=3'],
    ['the late requests of a client with fences over three rounds', '-DHOSTS=1 -DROUNDS=3 -DFAULTS=3'],
  ])('has no error with %s', async (_title, options) => {
    expect(await check(options)).toEqual({ errors: 0, violated: undefined });
  });

  it.each([
    ['a grant without a condition', '-DNO_CAS -DFAULTS=1', GRANTED_TWICE],
    ['a grant without confirmation', '-DNO_CONFIRM -DFAULTS=1', ORPHAN],
    ["a release by the host's name", '-DRELEASE_BY_NAME -DROUNDS=2 -DFAULTS=1', TWO_INSIDE],
    [
      'clients without fences whose releases are not judged by arrival',
      '-DLEGACY -DNO_ARRIVAL -DROUNDS=2 -DFAULTS=1',
      TWO_INSIDE,
    ],
    [
      'clients without fences whose grants keep the date of a late acquire',
      '-DHOSTS=1 -DLEGACY -DNO_RESTAMP -DROUNDS=2 -DFAULTS=2',
      INSIDE_WITHOUT_SLOT,
    ],
    ['an eviction that does not look again', '-DEVICT_UNSEEN -DFAULTS=1', TWO_INSIDE],
    ['a grant that forgets the failure budget', '-DNO_BUDGET -DFAILURES -DSLOTS=2 -DFAULTS=0', '(((slot[0]==1)+(slot[1]==1))<1)'],
  ])('finds the error of %s', async (_title, options, violated) => {
    expect(await check(options)).toEqual({ errors: 1, violated });
  });
});

interface Row {
  readonly from: readonly string[];
  readonly to: string;
  readonly other: string;
  readonly givesFence: boolean;
}

const modelled = async (): Promise<Record<string, Row>> => {
  const text = await readFile(model, 'utf8');
  const [, table = ''] = /\* transition +grant before.*\n([\s\S]+?)\n \*\n/.exec(text) ?? [];
  const rows = table.split('\n').map((line) => line.replace(/^ \* /, '').split(/ {2,}/));
  return Object.fromEntries(
    rows.map(([name = '', from = '', to = '', other = '', gives = '']) => [
      name,
      { from: from.split(' '), to, other, givesFence: gives === 'yes' },
    ]),
  );
};

describe("the model's table", () => {
  /** About the lock as a whole, or about time alone, which the model knows only as `lapsed`. */
  const NOT_MODELLED = ['ensure', 'resume', 'configure', 'remove', 'renew', 'evict'];

  it("has the code's transitions, with the same states before and after", async () => {
    const rows = await modelled();
    const inCode = Object.values(TRANSITION_TABLE)
      .filter(({ name }) => !NOT_MODELLED.includes(name))
      .map(({ name, grant, other, givesFence }): [string, Row] => [
        name,
        {
          // A failure that an operator acknowledged can be reported anew; the model's operator acknowledges nothing.
          from: (grant?.from ?? []).filter((state) => !(name === 'fail' && state === 'failed')),
          to: grant?.to ?? '-',
          other: other ?? '-',
          givesFence,
        },
      ]);
    expect(rows).toEqual(Object.fromEntries(inCode));
    expect([...Object.keys(rows), ...NOT_MODELLED].toSorted()).toEqual(TRANSITIONS.toSorted());
  });

  it('has a conditional write in the model for each row that a handler does', async () => {
    const text = await readFile(model, 'utf8');
    const writes = [...text.matchAll(/^ {2}:: write == W_([A-Z_]+) &&/gm)].map(([, name = '']) =>
      name.toLowerCase().replaceAll('_', '-'),
    );
    const byHandlers = Object.keys(await modelled()).filter((name) => name !== 'force-release');
    expect(writes.toSorted()).toEqual(byHandlers.toSorted());
  });
});
