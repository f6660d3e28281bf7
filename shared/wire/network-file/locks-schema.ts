import * as v from 'valibot';
import { CLIENT_KINDS } from '#domain/lock/lock-state.ts';
import { HOST_NAME, isLockName } from '../lock/names.ts';
import { netblock } from './netblock.ts';
import { duration, flag, line, listOf, oneOf, whole } from './scalars.ts';

const lockName = (description: string) =>
  v.pipe(
    line(description, 100),
    v.check((input) => isLockName(input), 'must have no slash and no space at its ends'),
  );

const pattern = (description: string) => line(`${description} A name in which each \`*\` stands for any characters.`);

const host = (description: string) =>
  v.pipe(
    v.string(),
    v.description(description),
    v.regex(
      HOST_NAME,
      'must be a name of 1 to 253 letters, digits, `.`, `_`, `-`, `:` and `@`, beginning with a letter or a digit',
    ),
  );

const sha256 = v.pipe(
  v.string(),
  v.description('SHA-256 of the token, 64 hexadecimal digits; `printf %s TOKEN | sha256sum` prints it.'),
  v.regex(/^[0-9a-fA-F]{64}$/, 'must be a SHA-256 of 64 hexadecimal digits'),
);

const label = (description: string) => v.optional(line(description, 500));

/** Of one lock, and of locks made on first use. What a lock does not say, the defaults say. */
const policyEntries = {
  slots: v.optional(whole('How many hosts may hold the lock at one time.', 1, 100)),
  policy: v.optional(
    oneOf(
      ['hold', 'lease'],
      '`hold`: until released, over reboots and crashes. `lease`: lapses when the host does not renew it.',
    ),
  ),
  lease: v.optional(duration('How long a lease goes on after it was taken or renewed.', '10s', '1d')),
  offer: v.optional(duration('How long an offered slot waits for the host to confirm it.', '10s', '1h')),
  queue: v.optional(oneOf(['fifo', 'none'], '`fifo`: who waits longest comes first. `none`: whoever asks at the right moment.')),
  failureBudget: v.optional(whole('At this many failed updates nothing more is granted until an operator resumes.', 1, 100)),
  stale: v.optional(duration('Held for longer than this is reported.', '1m', '365d')),
  enabled: v.optional(flag('Whether it is granted at all; releasing is always possible.')),
  group: label('A word under which locks are found together.'),
  owner: label('Who answers for it.'),
  comment: label('For people.'),
};

const lockSchema = v.pipe(v.strictObject({ name: lockName('Name of the lock.'), ...policyEntries }), v.description('One lock.'));

export const tokenSchema = v.pipe(
  v.strictObject({
    host: v.optional(host('The host that this token is.')),
    claims: v.optional(pattern('Instead of `host`: the bearer is any host that fits, by its own word.')),
    sha256,
    locks: v.optional(listOf(pattern('Names of locks.'), 'The locks that it may use; all when empty.', 100), []),
  }),
  v.description('A token of a host, or of hosts that share one.'),
);

const operatorSchema = v.pipe(
  v.strictObject({ name: line('Who it is; stands in the audit.', 100), sha256 }),
  v.description('Somebody who may take locks away, change them and resume them.'),
);

export const identitiesSchema = v.pipe(
  v.strictObject({
    tokens: v.optional(listOf(tokenSchema, 'Tokens of hosts.', 2000), []),
    plain: v.optional(
      listOf(oneOf(CLIENT_KINDS, 'A protocol.'), 'Protocols whose clients are believed to be who they say they are.', 4),
      [],
    ),
    plainFrom: v.optional(
      listOf(netblock('CIDR or one address.'), 'Where such clients are believed from; everywhere when empty.', 100),
      [],
    ),
  }),
  v.description('Who is who.'),
);

const groupsSchema = v.pipe(
  v.record(
    v.pipe(v.string(), v.regex(/^[a-zA-Z0-9.-]{1,100}$/, "must be a group of FleetLock's: letters, digits, `.` and `-`")),
    lockName('The lock of that group.'),
  ),
  v.description("FleetLock's groups whose lock is not `fl:GROUP`, each with its lock."),
  v.maxEntries(1000, 'more than 1000 entries'),
);

export const lockDefaultsSchema = v.pipe(
  v.strictObject(policyEntries),
  v.description('What locks do not say themselves, and locks made on first use.'),
);

export const locksSchema = v.pipe(
  v.strictObject({
    defaults: v.optional(lockDefaultsSchema, {}),
    locks: v.optional(listOf(lockSchema, 'The locks. They exist from their first use on.', 500), []),
    createOnFirstUse: v.optional(
      listOf(pattern('Names of locks.'), 'Locks that anybody who is known makes by asking for them.', 100),
      [],
    ),
    identities: v.optional(identitiesSchema, {}),
    operators: v.optional(listOf(operatorSchema, 'Tokens of operators.', 100), []),
    groups: v.optional(groupsSchema, {}),
  }),
  v.description('Update locks: which there are, with which rules, and who may use them.'),
);

export type FileLocks = v.InferOutput<typeof locksSchema>;
