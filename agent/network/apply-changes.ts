import { isDeepStrictEqual } from 'node:util';
import type { ServiceProblem } from './ask-service.ts';
import { loosenedPolicies } from './loosened-policies.ts';
import type { NetworkChange } from './network-changes.ts';
import type { NetworkPart } from './network-parts.ts';
import type { NetworkService, ServiceReply } from './network-service.ts';

export interface NotApplied {
  readonly part: NetworkPart;
  readonly operation: NetworkChange['operation'];
  readonly reason: string;
  readonly problems: readonly ServiceProblem[];
}

export type ApplyOutcome =
  | { readonly kind: 'done' }
  /** The service refused these, and nothing else is left to do that could change its mind. */
  | { readonly kind: 'refused'; readonly refusals: readonly NotApplied[] }
  | { readonly kind: 'changed' | 'unavailable'; readonly part: NetworkPart; readonly reason: string };

/** One write. `before` is what the diff was made of; undefined: it is not there. */
interface Step {
  readonly operation: NetworkChange['operation'];
  readonly part: NetworkPart;
  readonly before: unknown;
}

type StepOutcome =
  | { readonly kind: 'done' }
  | ({ readonly kind: 'conflict' | 'refused' } & NotApplied)
  | { readonly kind: 'changed' | 'unavailable'; readonly reason: string };

const POLICIES = 'settings/policies';

const withoutEmpty = (steps: readonly (Step | undefined)[]): readonly Step[] => steps.filter((step) => step !== undefined);

/** Policies that are not what they end as go first, the wanted ones last; everything else once, in the order of the changes. */
const stepsOf = (changes: readonly NetworkChange[]): readonly Step[] =>
  withoutEmpty([
    ...changes.map(({ operation, part, before }): Step | undefined => {
      if (part.name !== POLICIES) return { operation, part, before };
      const value = loosenedPolicies(before, part.value);
      return isDeepStrictEqual(value, before) ? undefined : { operation, part: { ...part, value }, before };
    }),
    ...changes
      .filter(
        ({ part, before }) => part.name === POLICIES && !isDeepStrictEqual(loosenedPolicies(before, part.value), part.value),
      )
      .map(({ operation, part, before }): Step => ({ operation, part, before })),
  ]);

const CHANGED = 'somebody else changed it since it was read';

/** Applies changes one by one, and remembers what it left, so that a second step on one part need not read it again. */
const stepRunner = (service: NetworkService) => {
  const left = new Map<string, { readonly value: unknown; readonly tag: string }>();

  const now = async ({ part, before }: Step): Promise<ServiceReply & { readonly expected?: unknown }> => {
    const ours = left.get(part.name);
    if (ours !== undefined) return { kind: 'ok', value: ours.value, tag: ours.tag, expected: ours.value };
    return { ...(await service.get(part.path)), expected: before };
  };

  const settled = (step: Step, reply: ServiceReply): StepOutcome => {
    switch (reply.kind) {
      case 'ok':
        if (reply.tag !== undefined) left.set(step.part.name, { value: reply.value, tag: reply.tag });
        return { kind: 'done' };
      case 'conflict':
      case 'refused':
        return { kind: reply.kind, part: step.part, operation: step.operation, reason: reply.reason, problems: reply.problems };
      case 'unavailable':
        return reply;
      case 'absent':
      case 'stale':
        return { kind: 'changed', reason: CHANGED };
    }
  };

  /** Whether what is there now is what was wanted: an answer was lost, or somebody else did the same. */
  const isThere = async ({ part }: Step): Promise<boolean> => {
    const reply = await service.get(part.path);
    return reply.kind === 'ok' && isDeepStrictEqual(reply.value, part.value);
  };

  const put = async (step: Step, tag: string | undefined): Promise<StepOutcome> => {
    const reply = await service.put(step.part.path, step.part.value, tag);
    if (reply.kind === 'stale' && (await isThere(step))) return { kind: 'done' };
    return settled(step, reply);
  };

  const remove = async (step: Step): Promise<StepOutcome> => {
    const found = await now(step);
    if (found.kind === 'absent') return { kind: 'done' };
    if (found.kind !== 'ok') return settled(step, found);
    if (found.tag === undefined || !isDeepStrictEqual(found.value, found.expected)) return { kind: 'changed', reason: CHANGED };
    // A section of the settings cannot go; it says what holds anyway.
    if (step.part.kind === 'settings') return put(step, found.tag);
    const reply = await service.remove(step.part.path, found.tag);
    return reply.kind === 'absent' ? { kind: 'done' } : settled(step, reply);
  };

  const change = async (step: Step): Promise<StepOutcome> => {
    const found = await now(step);
    if (found.kind !== 'ok') return settled(step, found);
    if (isDeepStrictEqual(found.value, step.part.value)) return { kind: 'done' };
    if (found.tag === undefined || !isDeepStrictEqual(found.value, found.expected)) return { kind: 'changed', reason: CHANGED };
    return put(step, found.tag);
  };

  return (step: Step): Promise<StepOutcome> => {
    switch (step.operation) {
      case 'add':
        return put(step, undefined);
      case 'change':
        return change(step);
      case 'remove':
        return remove(step);
    }
  };
};

/**
 * Makes the changes in their order. What does not go with the rest of the network yet is tried again once the others are made:
 * a URL moves to another host only after the first has given it up. `progress` hears of every step that is done.
 */
export const applyChanges = async (
  service: NetworkService,
  changes: readonly NetworkChange[],
  progress: (done: number, all: number, name: string) => void,
): Promise<ApplyOutcome> => {
  const run = stepRunner(service);
  const steps = stepsOf(changes);
  let waiting = steps;
  let done = 0;
  while (waiting.length > 0) {
    const refusals: NotApplied[] = [];
    const again: Step[] = [];
    for (const step of waiting) {
      const outcome = await run(step);
      if (outcome.kind === 'changed' || outcome.kind === 'unavailable') return { ...outcome, part: step.part };
      if (outcome.kind === 'refused') return { kind: 'refused', refusals: [outcome] };
      if (outcome.kind === 'conflict') {
        refusals.push(outcome);
        again.push(step);
        continue;
      }
      done += 1;
      progress(done, steps.length, step.part.name);
    }
    if (again.length === waiting.length) return { kind: 'refused', refusals };
    waiting = again;
  }
  return { kind: 'done' };
};
