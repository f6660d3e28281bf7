import { byteCache } from '#domain/byte-cache.ts';

/** What the functions and the static lists answer, before compression. */
export interface EdgeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface CachedAnswer {
  readonly answer: EdgeAnswer;
  /** `stale`: nobody answered, and this is what was said before. */
  readonly from: 'hit' | 'miss' | 'joined' | 'stale';
}

export interface EdgeCache {
  /** The kept answer, or the one that `load` gives; of requests for one key at one moment only the first loads. */
  get(key: string, load: () => Promise<EdgeAnswer>): Promise<CachedAnswer>;
}

/** Locally a change must show within seconds, so no answer is kept longer, whatever its Cache-Control allows. */
const LONGEST_MS = 2_000;
const MAX_BYTES = 134_217_728;
/** Of an answer's headers and its place in the cache. */
const ENTRY_BYTES = 2_000;
const CACHEABLE = new Set([200, 301, 302, 307, 404, 410]);

/** How long a shared cache may keep an answer (RFC 9111 5.2.2): `s-maxage` before `max-age`; without either, not at all. */
export function sharedLifetimeMs(cacheControl: string | undefined): number {
  const directives = (cacheControl ?? '').toLowerCase();
  if (/\b(no-store|private|no-cache)\b/.test(directives)) return 0;
  const seconds = /\bs-maxage=(\d{1,9})/.exec(directives)?.[1] ?? /\bmax-age=(\d{1,9})/.exec(directives)?.[1];
  return seconds === undefined ? 0 : Number(seconds) * 1000;
}

/** How long after that it may still be said when nobody answers (RFC 5861, 4). */
const staleMs = (cacheControl: string | undefined): number =>
  Number(/\bstale-if-error=(\d{1,9})/.exec((cacheControl ?? '').toLowerCase())?.[1] ?? 0) * 1000;

/** The answer says where it is from, as the CDN's do. */
export function notedAnswer({ answer, from }: CachedAnswer): EdgeAnswer {
  const words = { hit: 'Hit', joined: 'Hit', miss: 'Miss', stale: 'Stale' };
  return { ...answer, headers: { ...answer.headers, 'x-cache': `${words[from]} from the local edge` } };
}

interface Kept {
  readonly answer: EdgeAnswer;
  readonly untilMs: number;
  readonly staleUntilMs: number;
}

export function edgeCache(now: () => number): EdgeCache {
  const kept = byteCache<Kept>(MAX_BYTES);
  const loading = new Map<string, Promise<CachedAnswer>>();

  const put = (key: string, entry: Kept): void => {
    kept.set(key, entry, entry.answer.body.byteLength + key.length + ENTRY_BYTES);
  };

  function keep(key: string, answer: EdgeAnswer): void {
    const control = answer.headers['cache-control'];
    const lifetimeMs = Math.min(sharedLifetimeMs(control), LONGEST_MS);
    if (lifetimeMs === 0 || !CACHEABLE.has(answer.status)) kept.delete(key);
    else put(key, { answer, untilMs: now() + lifetimeMs, staleUntilMs: now() + lifetimeMs + staleMs(control) });
  }

  /** What was said before, for a moment, so that not everybody waits for who does not answer. */
  function staleAnswer(key: string, before: Kept | undefined): CachedAnswer | undefined {
    if (before === undefined || before.staleUntilMs <= now()) return undefined;
    put(key, { ...before, untilMs: now() + LONGEST_MS });
    return { answer: before.answer, from: 'stale' };
  }

  async function loadOnce(key: string, before: Kept | undefined, load: () => Promise<EdgeAnswer>): Promise<CachedAnswer> {
    try {
      const answer = await load();
      const stale = answer.status >= 500 ? staleAnswer(key, before) : undefined;
      if (stale !== undefined) return stale;
      keep(key, answer);
      return { answer, from: 'miss' };
    } catch (error) {
      const stale = staleAnswer(key, before);
      if (stale === undefined) throw error;
      return stale;
    } finally {
      loading.delete(key);
    }
  }

  return {
    async get(key, load) {
      const entry = kept.get(key);
      if (entry !== undefined && entry.untilMs > now()) return { answer: entry.answer, from: 'hit' };
      const running = loading.get(key);
      if (running !== undefined) {
        const { answer, from } = await running;
        return { answer, from: from === 'stale' ? 'stale' : 'joined' };
      }
      const started = loadOnce(key, entry, load);
      loading.set(key, started);
      return started;
    },
  };
}
