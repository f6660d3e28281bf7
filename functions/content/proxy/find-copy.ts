/**
 * Finds what a URL of upstream is: in what is kept, or at upstream. Of all functions that need the same URL one asks upstream, the
 * holder of its lease; the others serve what is stale, or look every now and then whether that one is done. Within a process they wait
 * for the same promise. A holder that dies is replaced when its lease has lapsed, which is after the time that a function may run.
 */
import { decideProxy, type KeptCopy, type ProxyDecision } from '#domain/content/proxy-copy.ts';
import type { CopyLook } from '#ports/proxied-copies.ts';
import { askUpstream } from './ask-upstream.ts';
import { type Found, foundAt, type Wanted } from './found.ts';
import type { ProxyDeps } from './proxy-deps.ts';

/** Longer than a function may run. */
export const LEASE_MS = 30_000;
/** Long enough for most files, and shorter than clients and caches wait for an answer. */
const WAIT_MS = 20_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

const urlOf = ({ volume, url }: Wanted) => ({ volume: volume.id, url });

/** What is known, without bytes that are gone. */
const usable = ({ gone }: Wanted, copy: KeptCopy | undefined): KeptCopy | undefined =>
  copy?.known?.kind === 'file' && copy.known.sha256 === gone ? { ...copy, known: undefined } : copy;

const decide = (deps: ProxyDeps, wanted: Wanted, copy: KeptCopy | undefined): ProxyDecision =>
  decideProxy(usable(wanted, copy), wanted.volume, wanted.isImmutable, deps.clock.now());

const foundBy = (decision: Exclude<ProxyDecision, { kind: 'ask' }>): Found =>
  decision.kind === 'serve' ? foundAt(decision) : { kind: 'trouble', trouble: decision.trouble };

/** With the lease, which has ended when this does. */
const lead = async (deps: ProxyDeps, wanted: Wanted, by: string, copy: KeptCopy | undefined, startedMs: number) => {
  const decision = decide(deps, wanted, copy);
  try {
    if (decision.kind === 'ask') {
      const { found, settled } = await askUpstream(deps, wanted, decision, usable(wanted, copy), startedMs);
      await deps.copies.settle(urlOf(wanted), by, settled);
      return found;
    }
    await deps.copies.release(urlOf(wanted), by);
    return foundBy(decision);
  } catch (fault) {
    // Else everybody waits until it lapses. That the same table fails again changes nothing.
    await deps.copies.release(urlOf(wanted), by).catch(() => undefined);
    throw fault;
  }
};

const search = async (deps: ProxyDeps, wanted: Wanted, seen: CopyLook): Promise<Found> => {
  const startedMs = deps.clock.now();
  const by = deps.newId();
  let look = seen;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const nowMs = deps.clock.now();
    if (look.leasedUntilMs === undefined || look.leasedUntilMs <= nowMs) {
      const lease = await deps.copies.lease(urlOf(wanted), { by, nowMs, untilMs: nowMs + LEASE_MS });
      if (lease.kind === 'leased') return lead(deps, wanted, by, lease.copy, startedMs);
      look = lease;
    }
    const decision = decide(deps, wanted, look.copy);
    if (decision.kind !== 'ask') return foundBy(decision);
    if (decision.stale !== undefined) return foundAt(decision.stale);
    if (nowMs - startedMs >= WAIT_MS) return { kind: 'busy' };
    await deps.pause(pauseMs);
    look = await deps.copies.look(urlOf(wanted));
  }
};

/** Throws Fault when the table or the store does not answer. */
export const findCopy = async (deps: ProxyDeps, wanted: Wanted): Promise<Found> => {
  const look = await deps.copies.look(urlOf(wanted));
  const decision = decide(deps, wanted, look.copy);
  if (decision.kind !== 'ask') return foundBy(decision);
  const name = JSON.stringify([wanted.volume.id, wanted.url, wanted.gone ?? '']);
  const { result, isFirst } = await deps.searches.join(name, () => search(deps, wanted, look));
  const waited = result.kind === 'known' && !isFirst && result.source !== 'stale';
  return waited ? { ...result, source: 'hit' } : result;
};
