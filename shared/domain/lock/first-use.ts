/**
 * Which rules a lock gets: those that the network file declares for it, or the defaults when its name is one of those that may be
 * made by asking. A lock keeps what it was given until the file's entry for it changes, so an operator's change stands until
 * then; the fingerprint of the entry is kept with the lock to tell.
 */
import { hashText } from '../selection/hash.ts';
import type { LockRules } from './lock-rules.ts';
import type { LockConfig, LockName } from './lock-state.ts';

export interface WantedConfig {
  readonly config: LockConfig;
  /** Undefined for locks that nobody declared. */
  readonly declared: string | undefined;
}

/** `*` stands for any characters, also none; everything else for itself. */
export const fitsPattern = (pattern: string, name: string): boolean => {
  const [head = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return name === pattern;
  const tail = rest.pop() ?? '';
  if (name.length < head.length + tail.length || !name.startsWith(head) || !name.endsWith(tail)) return false;
  let at = head.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= name.length - tail.length;
};

const fingerprintOf = ({ enabled, slots, failureBudget, policy, group, owner, comment }: LockConfig): string => {
  const { mode, leaseMs, offerMs, queue, staleMs } = policy;
  const values = [enabled, slots, failureBudget, mode, leaseMs, offerMs, queue, staleMs, group, owner, comment];
  const text = JSON.stringify(values.map((value) => value ?? null));
  return `${hashText(text).toString(16)}-${hashText(`again ${text}`).toString(16)}`;
};

/** Undefined: the network knows no such lock and lets nobody make it by asking. */
export const configFor = (rules: LockRules, name: LockName): WantedConfig | undefined => {
  const declared = rules.locks.find((lock) => lock.name === name);
  if (declared !== undefined) return { config: declared.config, declared: fingerprintOf(declared.config) };
  const allowed = rules.createOnFirstUse.some((pattern) => fitsPattern(pattern, name));
  return allowed ? { config: rules.defaults, declared: undefined } : undefined;
};
