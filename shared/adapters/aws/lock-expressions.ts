import type { LockConfig } from '#domain/lock/lock-state.ts';
import type { LockWrite, WriteOf } from '#domain/lock/lock-write.ts';
import { type Clause, TRANSITION_TABLE } from '#domain/lock/transitions.ts';
import { letterOf, printGrant, printLastWrite, printPolicy } from '#wire/lock/lock-item.ts';

/** One conditional update; names and values that the texts do not use are left out by whoever sends it. */
export interface LockExpression {
  readonly condition: string;
  readonly update: string;
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Names of hosts may have dots, so they stand behind placeholders: #me the caller, #dead whose grant lapsed, #next who is offered. */
const NAMES = {
  '#v': 'v',
  '#f': 'f',
  '#en': 'en',
  '#n': 'n',
  '#fc': 'fc',
  '#fb': 'fb',
  '#h': 'h',
  '#p': 'p',
  '#e': 'e',
  '#lw': 'lw',
  '#del': 'del',
  '#id': 'id',
  '#kind': 'kind',
  '#name': 'name',
  '#created': 't',
  '#group': 'g',
  '#owner': 'o',
  '#comment': 'c',
  '#declared': 'pd',
  '#s': 's',
  '#t': 't',
  '#q': 'q',
  '#x': 'x',
  '#l': 'l',
  '#a': 'a',
  '#claimed': 'c',
};

const FIXED = { ':zero': 0, ':one': 1, ':true': true, ':false': false, ':empty': {}, ':O': 'O', ':H': 'H', ':F': 'F' };

/** What most clauses say; those that depend on the write stand in `clauseOf`. */
const TEXT: Readonly<Record<Exclude<Clause, 'lease-as-seen' | 'state-as-seen'>, string>> = {
  absent: '(attribute_not_exists(pk) OR #del = :true)',
  present: 'attribute_exists(pk) AND attribute_not_exists(#del)',
  'last-fence': '#f = :of',
  enabled: '#en = :true',
  budget: '#fc < #fb',
  'no-grant': 'attribute_not_exists(#h.#me)',
  'slot-free': 'size(#h) < #n',
  'not-overfull': 'size(#h) <= #n',
  lapsed: '#h.#dead.#f = :df AND #h.#dead.#x < :cut',
  'own-fence': '#h.#me.#f = :f',
  offered: '#h.#me.#s = :O',
  confirmed: '#h.#me.#s IN (:H, :F)',
  'later-deadline': '#h.#me.#x <= :x',
  'arrived-after': '#h.#me.#t <= :arr AND (attribute_not_exists(#h.#me.#q) OR #h.#me.#q <= :arr)',
  'later-arrival': '#h.#me.#t < :arr AND (attribute_not_exists(#h.#me.#q) OR #h.#me.#q < :arr)',
  'next-has-none': 'attribute_not_exists(#h.#next)',
  'not-counted': '(#h.#me.#s <> :F OR attribute_exists(#h.#me.#a))',
  'version-as-seen': '#v = :seen',
  'nobody-holds': 'size(#h) = :zero',
};

const leaseClause = (write: LockWrite): string =>
  write.kind === 'confirm' && write.leaseMs !== undefined ? '#h.#me.#l = :l' : 'attribute_not_exists(#h.#me.#l)';

const stateClause = (write: LockWrite): readonly string[] => {
  if (write.kind !== 'force-release') return [];
  if (write.seen !== 'failed') return ['#h.#me.#s = :s'];
  return ['#h.#me.#s = :s', `${write.counted ? 'attribute_not_exists' : 'attribute_exists'}(#h.#me.#a)`];
};

const clauseOf = (clause: Clause, write: LockWrite): readonly string[] => {
  if (clause === 'lease-as-seen') return [leaseClause(write)];
  if (clause === 'state-as-seen') return stateClause(write);
  // Only clients without fences are judged by time; a fence says more.
  const timed = (write.kind === 'release' || write.kind === 'hand-off') && write.arrivedMs !== undefined;
  return clause === 'arrived-after' && !timed ? [] : [TEXT[clause]];
};

/** The condition of a write, clause for clause what the table of transitions requires. */
const conditionOf = (write: LockWrite): string =>
  TRANSITION_TABLE[write.kind].requires.flatMap((clause) => clauseOf(clause, write)).join(' AND ');

interface Parts {
  readonly set?: readonly string[];
  readonly remove?: readonly string[];
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, unknown>>;
}

const configParts = (config: LockConfig, declared: string | undefined): Required<Omit<Parts, 'names'>> => {
  const optional = { '#group': config.group, '#owner': config.owner, '#comment': config.comment, '#declared': declared };
  const given = Object.entries(optional).filter(([, value]) => value !== undefined);
  const absent = Object.entries(optional).filter(([, value]) => value === undefined);
  return {
    set: ['#en = :en', '#n = :n', '#fb = :fb', '#p = :p', ...given.map(([name]) => `${name} = :${name.slice(1)}`)],
    remove: absent.map(([name]) => name),
    values: {
      ':en': config.enabled,
      ':n': config.slots,
      ':fb': config.failureBudget,
      ':p': printPolicy(config.policy),
      ...Object.fromEntries(given.map(([name, value]) => [`:${name.slice(1)}`, value])),
    },
  };
};

const ensureParts = (write: WriteOf<'ensure'>, lock: string): Parts => {
  const config = configParts(write.config, write.declared);
  return {
    set: [
      ...config.set,
      // A lock that was removed and is made again keeps its fence, its version and its number.
      '#f = if_not_exists(#f, :zero)',
      '#id = if_not_exists(#id, :id)',
      '#h = :empty',
      '#fc = :zero',
      '#kind = :kind',
      '#name = :name',
      '#created = :now',
    ],
    remove: [...config.remove, '#del', '#e'],
    values: { ...config.values, ':id': write.id, ':kind': 'lock', ':name': lock, ':now': write.cause.atMs },
  };
};

const confirmParts = ({ host, fence, heldSinceMs, claimed, leaseMs, cause }: WriteOf<'confirm'>): Parts => ({
  set: [
    '#h.#me.#s = :H',
    '#h.#me.#t = :t',
    ...(claimed === undefined ? [] : ['#h.#me.#claimed = :claimed']),
    ...(leaseMs === undefined ? [] : ['#h.#me.#x = :x']),
  ],
  remove: leaseMs === undefined ? ['#h.#me.#x'] : [],
  names: { '#me': host },
  values: {
    ':f': fence,
    ':t': heldSinceMs,
    ':claimed': claimed,
    ':l': leaseMs,
    ':x': leaseMs === undefined ? undefined : cause.atMs + leaseMs,
  },
});

const releaseParts = (write: WriteOf<'release'> | WriteOf<'hand-off'>): Parts => ({
  set: write.typicalHoldMs === undefined ? [] : ['#e = :e'],
  remove: ['#h.#me'],
  names: { '#me': write.host },
  values: { ':f': write.fence, ':arr': write.arrivedMs, ':e': write.typicalHoldMs },
});

const handOffParts = (write: WriteOf<'hand-off'>): Parts => {
  const { set = [], remove = [], names, values } = releaseParts(write);
  return {
    set: [...set, '#f = :nf', '#h.#next = :g'],
    remove,
    names: { ...names, '#next': write.next.host },
    values: { ...values, ':of': write.next.fence - 1, ':nf': write.next.fence, ':g': printGrant(write.next) },
  };
};

const grantParts = ({ grant }: WriteOf<'grant'> | WriteOf<'evict-and-grant'>): Parts => ({
  set: ['#h.#me = :g', '#f = :nf'],
  names: { '#me': grant.host },
  values: { ':g': printGrant(grant), ':of': grant.fence - 1, ':nf': grant.fence },
});

const deadlineParts = (write: WriteOf<'extend-offer'> | WriteOf<'renew'>): Parts => ({
  set: ['#h.#me.#x = :x'],
  names: { '#me': write.host },
  values: { ':f': write.fence, ':x': write.deadlineMs },
});

const forceParts = (write: WriteOf<'force-release'>): Parts => ({
  set: write.counted ? ['#fc = #fc - :one'] : [],
  remove: ['#h.#me'],
  names: { '#me': write.host },
  values: { ':f': write.fence, ':s': letterOf(write.seen) },
});

const resumeParts = ({ version, acknowledged }: WriteOf<'resume'>): Parts => ({
  set: ['#fc = :zero', ...acknowledged.map((_, at) => `#h.#a${at}.#a = :true`)],
  names: Object.fromEntries(acknowledged.map((host, at) => [`#a${at}`, host])),
  values: { ':seen': version },
});

const partsOf = (write: LockWrite, lock: string): Parts => {
  switch (write.kind) {
    case 'ensure':
      return ensureParts(write, lock);
    case 'grant':
      return grantParts(write);
    case 'evict-and-grant': {
      const parts = grantParts(write);
      return {
        ...parts,
        remove: ['#h.#dead'],
        names: { ...parts.names, '#dead': write.lapsed.host },
        values: { ...parts.values, ':df': write.lapsed.fence, ':cut': write.lapsedBeforeMs },
      };
    }
    case 'evict':
      return {
        remove: ['#h.#dead'],
        names: { '#dead': write.host },
        values: { ':df': write.fence, ':cut': write.lapsedBeforeMs },
      };
    case 'extend-offer':
    case 'renew':
      return deadlineParts(write);
    case 'confirm':
      return confirmParts(write);
    case 'restamp':
      return {
        set: ['#h.#me.#q = :arr'],
        names: { '#me': write.host },
        values: { ':f': write.fence, ':arr': write.arrivedMs },
      };
    case 'release':
      return releaseParts(write);
    case 'hand-off':
      return handOffParts(write);
    case 'fail':
      return {
        set: ['#h.#me.#s = :F', '#fc = #fc + :one'],
        remove: ['#h.#me.#a'],
        names: { '#me': write.host },
        values: { ':f': write.fence },
      };
    case 'force-release':
      return forceParts(write);
    case 'resume':
      return resumeParts(write);
    case 'configure': {
      const parts = configParts(write.config, write.declared);
      return { ...parts, values: { ...parts.values, ':seen': write.version } };
    }
    case 'remove':
      return { set: ['#del = :true', '#en = :false'], values: { ':seen': write.version } };
  }
};

const used = <T>(all: Readonly<Record<string, T>>, texts: string): Record<string, T> =>
  Object.fromEntries(Object.entries(all).filter(([name]) => new RegExp(`${name}(?![A-Za-z0-9])`).test(texts)));

/** Every write adds one to the version and says what it was, so that the audit can show that it misses nothing. */
export const lockExpression = (lock: string, write: LockWrite): LockExpression => {
  const { set = [], remove = [], names = {}, values = {} } = partsOf(write, lock);
  const version = write.kind === 'ensure' ? '#v = if_not_exists(#v, :zero) + :one' : '#v = #v + :one';
  const removed = remove.length === 0 ? '' : ` REMOVE ${remove.join(', ')}`;
  const update = `SET ${[version, '#lw = :lw', ...set].join(', ')}${removed}`;
  const condition = conditionOf(write);
  const texts = `${update} ${condition}`;
  return {
    condition,
    update,
    names: used({ ...NAMES, ...names }, texts),
    values: used({ ...FIXED, ':lw': printLastWrite(write), ...values }, texts),
  };
};
