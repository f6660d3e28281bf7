import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LockRules } from '#domain/lock/lock-rules.ts';
import { CLIENT_KINDS, type LockConfig } from '#domain/lock/lock-state.ts';
import { inventoryAfter, messagesAfter, set } from './reading.ts';

/** What the section `locks:` of a network file comes to. */
const rulesOf = (locks: unknown): LockRules | undefined => inventoryAfter((file) => set(file, { locks })).locks;
const problemsOf = (locks: unknown): readonly string[] => messagesAfter((file) => set(file, { locks }));

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const C = 'c'.repeat(64);

const BUILT_IN: LockConfig = {
  enabled: true,
  slots: 1,
  failureBudget: 1,
  policy: { mode: 'hold', leaseMs: 10 * MINUTE, offerMs: 2 * MINUTE, queue: 'fifo', staleMs: 4 * HOUR },
  group: undefined,
  owner: undefined,
  comment: undefined,
};
const NOTHING: LockRules = {
  defaults: BUILT_IN,
  locks: [],
  createOnFirstUse: [],
  tokens: [],
  plain: [],
  plainFrom: [],
  operators: [],
  groups: [],
};

describe('the section', () => {
  test('may be absent, and then there are no locks; empty, it has these defaults', () => {
    expect(inventoryAfter(() => undefined)).not.toHaveProperty('locks');
    expect(rulesOf({})).toEqual(NOTHING);
    expect(rulesOf({ defaults: {}, locks: [], identities: {}, operators: [], groups: {} })).toEqual(NOTHING);
  });

  test('with everything in it says this', () => {
    expect(
      rulesOf({
        defaults: { slots: 2, policy: 'lease', lease: '5m', owner: 'the web team', enabled: true },
        locks: [
          { name: 'web servers' },
          {
            name: 'databases',
            slots: 1,
            policy: 'hold',
            lease: '30s',
            offer: '1h',
            queue: 'none',
            failureBudget: 3,
            stale: '2d',
            enabled: false,
            group: 'storage',
            owner: 'the data team',
            comment: 'never two',
          },
        ],
        createOnFirstUse: ['fl:*', 'test-*'],
        identities: {
          tokens: [
            { host: 'web-1.example.org', sha256: A },
            { claims: '*.lab.example.org', sha256: B.toUpperCase(), locks: ['test-*'] },
          ],
          plain: ['fleetlock', 'foreman', 'fleetlock'],
          plainFrom: ['192.0.2.7', '10.1.2.3/8', '192.0.2.7/32', '2001:DB8::1'],
        },
        operators: [{ name: 'olga', sha256: C.toUpperCase() }],
        groups: { default: 'web servers', 'x.y-z': 'databases' },
      }),
    ).toEqual({
      defaults: {
        ...BUILT_IN,
        slots: 2,
        policy: { ...BUILT_IN.policy, mode: 'lease', leaseMs: 5 * MINUTE },
        owner: 'the web team',
      },
      locks: [
        {
          name: 'web servers',
          config: {
            ...BUILT_IN,
            slots: 2,
            policy: { ...BUILT_IN.policy, mode: 'lease', leaseMs: 5 * MINUTE },
            owner: 'the web team',
          },
        },
        {
          name: 'databases',
          config: {
            enabled: false,
            slots: 1,
            failureBudget: 3,
            policy: { mode: 'hold', leaseMs: 30 * SECOND, offerMs: HOUR, queue: 'none', staleMs: 2 * DAY },
            group: 'storage',
            owner: 'the data team',
            comment: 'never two',
          },
        },
      ],
      createOnFirstUse: ['fl:*', 'test-*'],
      tokens: [
        { host: 'web-1.example.org', claims: undefined, sha256: A, locks: [] },
        { host: undefined, claims: '*.lab.example.org', sha256: B, locks: ['test-*'] },
      ],
      plain: ['fleetlock', 'foreman'],
      plainFrom: ['192.0.2.7/32', '10.0.0.0/8', '2001:db8::1/128'],
      operators: [{ name: 'olga', sha256: C }],
      groups: [
        { group: 'default', lock: 'web servers' },
        { group: 'x.y-z', lock: 'databases' },
      ],
    });
  });
});

/** A value as the file writes it, and what it comes to; undefined is a key that is not there. */
interface Said<T> {
  readonly file: unknown;
  readonly means: T;
}
const asWritten = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<Said<T>> =>
  arbitrary.map((value) => ({ file: value, means: value }));
const durations = (leastMs: number, mostMs: number): fc.Arbitrary<Said<number>> =>
  fc
    .constantFrom<readonly [string, number]>(['s', SECOND], ['m', MINUTE], ['h', HOUR], ['d', DAY])
    .filter(([, unitMs]) => unitMs <= mostMs)
    .chain(([unit, unitMs]) =>
      fc
        .integer({ min: Math.ceil(leastMs / unitMs), max: Math.min(999_999, Math.floor(mostMs / unitMs)) })
        .map((count) => ({ file: `${count}${unit}`, means: count * unitMs })),
    );
const label = asWritten(fc.stringMatching(/^[a-zA-Z*#:'{ \-.]{1,20}$/));
const count = asWritten(fc.integer({ min: 1, max: 100 }));

/** Every key of a policy, its values, and where it stands in the rules. */
const POLICY_KEYS: Readonly<
  Record<string, { readonly values: fc.Arbitrary<Said<unknown>>; readonly put: (config: LockConfig, value: never) => LockConfig }>
> = {
  slots: { values: count, put: (config, slots: number) => ({ ...config, slots }) },
  failureBudget: { values: count, put: (config, failureBudget: number) => ({ ...config, failureBudget }) },
  enabled: { values: asWritten(fc.boolean()), put: (config, enabled: boolean) => ({ ...config, enabled }) },
  group: { values: label, put: (config, group: string) => ({ ...config, group }) },
  owner: { values: label, put: (config, owner: string) => ({ ...config, owner }) },
  comment: { values: label, put: (config, comment: string) => ({ ...config, comment }) },
  policy: {
    values: asWritten(fc.constantFrom('hold', 'lease')),
    put: (config, mode: 'hold' | 'lease') => ({ ...config, policy: { ...config.policy, mode } }),
  },
  queue: {
    values: asWritten(fc.constantFrom('fifo', 'none')),
    put: (config, queue: 'fifo' | 'none') => ({ ...config, policy: { ...config.policy, queue } }),
  },
  lease: {
    values: durations(10 * SECOND, DAY),
    put: (config, leaseMs: number) => ({ ...config, policy: { ...config.policy, leaseMs } }),
  },
  offer: {
    values: durations(10 * SECOND, HOUR),
    put: (config, offerMs: number) => ({ ...config, policy: { ...config.policy, offerMs } }),
  },
  stale: {
    values: durations(MINUTE, 365 * DAY),
    put: (config, staleMs: number) => ({ ...config, policy: { ...config.policy, staleMs } }),
  },
};

type SaidPolicy = readonly (readonly [key: string, said: Said<unknown>])[];
const anyPolicy: fc.Arbitrary<SaidPolicy> = fc
  .subarray(Object.keys(POLICY_KEYS))
  .chain((keys) =>
    fc.tuple(
      ...keys.map((key) => (POLICY_KEYS[key]?.values ?? fc.constant({ file: 0, means: 0 })).map((said) => [key, said] as const)),
    ),
  );
const fileOf = (policy: SaidPolicy): object => Object.fromEntries(policy.map(([key, { file }]) => [key, file]));
const configOf = (policy: SaidPolicy, otherwise: LockConfig): LockConfig =>
  policy.reduce((config, [key, { means }]) => POLICY_KEYS[key]?.put(config, means as never) ?? config, otherwise);

const digest = fc.stringMatching(/^[a-fA-F][0-9a-fA-F]{63}$/);
const host = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:@-]{0,20}$/);
const pattern = fc.stringMatching(/^[a-z*:.-]{1,12}$/);
const lockName = fc.stringMatching(/^[a-z*:#-][a-z*:# -]{0,10}[a-z]$/);

const UNUSABLE = ['constructor', 'prototype'];

const anySection = fc.record({
  defaults: anyPolicy,
  locks: fc.uniqueArray(fc.record({ name: lockName, policy: anyPolicy }), { selector: ({ name }) => name, maxLength: 4 }),
  createOnFirstUse: fc.array(pattern, { maxLength: 3 }),
  tokens: fc.array(
    fc.record({
      who: fc.oneof(
        host.map((name) => ({ host: name })),
        pattern.map((claims) => ({ claims })),
      ),
      locks: fc.option(fc.array(pattern, { maxLength: 2 })),
    }),
    { maxLength: 3 },
  ),
  plain: fc.subarray([...CLIENT_KINDS]),
  operators: fc.array(pattern, { maxLength: 2 }),
  digests: fc.uniqueArray(digest, { selector: (text) => text.toLowerCase(), minLength: 5, maxLength: 5 }),
  groups: fc.dictionary(
    fc.stringMatching(/^[a-zA-Z0-9.-]{1,10}$/).filter((name) => !UNUSABLE.includes(name)),
    lockName,
    { maxKeys: 3 },
  ),
});
type Section = typeof anySection extends fc.Arbitrary<infer S> ? S : never;

const sectionFile = (section: Section): Record<string, unknown> => ({
  defaults: fileOf(section.defaults),
  locks: section.locks.map(({ name, policy }) => ({ name, ...fileOf(policy) })),
  createOnFirstUse: section.createOnFirstUse,
  identities: {
    tokens: section.tokens.map(({ who, locks }, at) => ({
      ...who,
      sha256: section.digests[at],
      ...(locks !== null && { locks }),
    })),
    plain: section.plain,
  },
  operators: section.operators.map((name, at) => ({ name, sha256: section.digests[3 + at] })),
  groups: section.groups,
});

const sectionRules = (section: Section): LockRules => {
  const lower = section.digests.map((text) => text.toLowerCase());
  const defaults = configOf(section.defaults, BUILT_IN);
  return {
    defaults,
    locks: section.locks.map(({ name, policy }) => ({ name, config: configOf(policy, defaults) })),
    createOnFirstUse: section.createOnFirstUse,
    tokens: section.tokens.map(({ who, locks }, at) => ({
      host: undefined,
      claims: undefined,
      ...who,
      sha256: lower[at] ?? '',
      locks: locks ?? [],
    })),
    plain: section.plain,
    plainFrom: [],
    operators: section.operators.map((name, at) => ({ name, sha256: lower[3 + at] ?? '' })),
    groups: Object.entries(section.groups).map(([group, lock]) => ({ group, lock })),
  };
};

test('any good section says what is written in it: a lock what it says itself, then the defaults, then what is built in', () => {
  fc.assert(
    fc.property(anySection, (section) => {
      expect(rulesOf(sectionFile(section))).toEqual(sectionRules(section));
    }),
  );
});

const TOO_MANY = Array.from({ length: 101 }, (_, at) => `lock-${at}`);
const NAME = 'must be a name of 1 to 253 letters, digits, `.`, `_`, `-`, `:` and `@`, beginning with a letter or a digit';
const DIGEST = 'must be a SHA-256 of 64 hexadecimal digits';

/** Of a policy's key, values that it may not have, and what is said of each. */
const BAD_POLICY: readonly (readonly [key: string, value: unknown, message: string])[] = [
  ['slots', 0, 'must be a whole number, 1 to 100'],
  ['slots', 101, 'must be a whole number, 1 to 100'],
  ['slots', 1.5, 'must be a whole number, 1 to 100'],
  ['failureBudget', 0, 'must be a whole number, 1 to 100'],
  ['policy', 'held', '"held" is not one of hold, lease, did you mean `hold`?'],
  ['queue', 'lifo', '"lifo" is not one of fifo, none, did you mean `fifo`?'],
  ['lease', '9s', 'must be 10s to 1d'],
  ['lease', '25h', 'must be 10s to 1d'],
  ['lease', 600, 'must be a duration like `30s`, `15m`, `6h` or `3d`'],
  ['offer', '2h', 'must be 10s to 1h'],
  ['stale', '59s', 'must be 1m to 365d'],
  ['stale', '366d', 'must be 1m to 365d'],
  ['group', '', 'must not be empty'],
  ['comment', 'x'.repeat(501), 'longer than 500 characters'],
  ['owner', 'a\nb', 'must be one line without control characters'],
];

describe('a bad value is named with its field', () => {
  test.each(BAD_POLICY)('%s: %j, in the defaults and in a lock', (key, value, message) => {
    expect(problemsOf({ defaults: { [key]: value } })).toEqual([`locks.defaults.${key}: ${message}`]);
    expect(problemsOf({ locks: [{ name: 'a' }, { name: 'b', [key]: value }] })).toEqual([`locks.locks[1].${key}: ${message}`]);
  });

  test.each<[string, unknown, readonly string[]]>([
    ['a lock without a name', { locks: [{ slots: 1 }] }, ['locks.locks[0]: the key `name` is missing']],
    ['a slash', { locks: [{ name: 'a/b' }] }, ['locks.locks[0].name: must have no slash and no space at its ends']],
    ['a space at an end', { groups: { a: 'b ' } }, ['locks.groups.a: must have no slash and no space at its ends']],
    [
      'a lock twice',
      { locks: [{ name: 'a' }, { name: 'a' }] },
      ['locks.locks[1].name: this lock is already at locks.locks[0].name'],
    ],
    ['an unknown key', { locks: [{ name: 'a', slot: 1 }] }, ['locks.locks[0].slot: unknown key `slot`, did you mean `slots`?']],
    ['too many patterns', { createOnFirstUse: TOO_MANY }, ['locks.createOnFirstUse: more than 100 entries']],
    [
      'a token in clear',
      { identities: { tokens: [{ host: 'a', sha256: 'secret' }] } },
      [`locks.identities.tokens[0].sha256: ${DIGEST}`],
    ],
    ['an operator in clear', { operators: [{ name: 'o', sha256: 'secret' }] }, [`locks.operators[0].sha256: ${DIGEST}`]],
    ['no name of a host', { identities: { tokens: [{ host: '-a', sha256: A }] } }, [`locks.identities.tokens[0].host: ${NAME}`]],
    [
      'a token of nobody, and of two',
      { identities: { tokens: [{ sha256: A }, { host: 'a', claims: '*', sha256: B }] } },
      [
        'locks.identities.tokens[0]: needs either `host` or `claims`',
        'locks.identities.tokens[1]: needs either `host` or `claims`',
      ],
    ],
    [
      'one token of a host and of an operator, in another spelling',
      { identities: { tokens: [{ host: 'a', sha256: A }] }, operators: [{ name: 'o', sha256: A.toUpperCase() }] },
      ['locks.operators[0].sha256: this token is already at locks.identities.tokens[0].sha256'],
    ],
    [
      'an unknown protocol',
      { identities: { plain: ['zincati'] } },
      ['locks.identities.plain[0]: "zincati" is not one of native, fleetlock, foreman, dlmengine'],
    ],
    [
      'no netblock',
      { identities: { plainFrom: ['10.0.0.0/33'] } },
      ['locks.identities.plainFrom[0]: "10.0.0.0/33" is not a netblock; write 192.0.2.0/24, 2001:db8::/32 or one address'],
    ],
    [
      'groups that mappings leave out',
      { groups: { constructor: 'x', prototype: 'y', fine: 'z' } },
      UNUSABLE.map((name) => `locks.groups.${name}: the key \`${name}\` cannot be used here`),
    ],
    [
      "no group of FleetLock's",
      { groups: { 'a b': 'x' } },
      ['locks.groups["a b"]: must be a group of FleetLock\'s: letters, digits, `.` and `-`'],
    ],
  ])('%s', (_what, locks, messages) => {
    expect(problemsOf(locks)).toEqual(messages);
  });

  test('wherever it stands in a good section', () => {
    fc.assert(
      fc.property(anySection, fc.constantFrom(...BAD_POLICY), fc.nat({ max: 3 }), (section, [key, value, message], at) => {
        const file = sectionFile(section) as { defaults: object; locks: object[] };
        const lock = file.locks[at];
        set(lock ?? file.defaults, { [key]: value });
        expect(problemsOf(file)).toEqual([`locks.${lock === undefined ? 'defaults' : `locks[${at}]`}.${key}: ${message}`]);
      }),
    );
  });
});
