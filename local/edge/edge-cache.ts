/** What the functions and the static lists answer, before compression. */
export interface EdgeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface CachedAnswer {
  readonly answer: EdgeAnswer;
  readonly from: 'hit' | 'miss' | 'joined';
}

export interface EdgeCache {
  /** The kept answer, or the one that `load` gives; of requests for one key at one moment only the first loads. */
  get(key: string, load: () => Promise<EdgeAnswer>): Promise<CachedAnswer>;
}

/** Locally a change must show within seconds, so no answer is kept longer, whatever its Cache-Control allows. */
const LONGEST_MS = 2_000;
const MAX_ENTRIES = 2_000;
const CACHEABLE = new Set([200, 301, 302, 404, 410]);

/** How long a shared cache may keep an answer (RFC 9111 5.2.2): `s-maxage` before `max-age`; without either, not at all. */
export function sharedLifetimeMs(cacheControl: string | undefined): number {
  const directives = (cacheControl ?? '').toLowerCase();
  if (/\b(no-store|private|no-cache)\b/.test(directives)) return 0;
  const seconds = /\bs-maxage=(\d{1,9})/.exec(directives)?.[1] ?? /\bmax-age=(\d{1,9})/.exec(directives)?.[1];
  return seconds === undefined ? 0 : Number(seconds) * 1000;
}

export function edgeCache(now: () => number): EdgeCache {
  const kept = new Map<string, { readonly answer: EdgeAnswer; readonly untilMs: number }>();
  const loading = new Map<string, Promise<EdgeAnswer>>();

  function keep(key: string, answer: EdgeAnswer): void {
    const lifetimeMs = Math.min(sharedLifetimeMs(answer.headers['cache-control']), LONGEST_MS);
    if (lifetimeMs === 0 || !CACHEABLE.has(answer.status)) return;
    kept.set(key, { answer, untilMs: now() + lifetimeMs });
    // A Map keeps the order of insertion: the first key is the one that was not asked for the longest.
    const oldest = kept.size > MAX_ENTRIES ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
  }

  async function loadOnce(key: string, load: () => Promise<EdgeAnswer>): Promise<EdgeAnswer> {
    try {
      const answer = await load();
      keep(key, answer);
      return answer;
    } finally {
      loading.delete(key);
    }
  }

  return {
    async get(key, load) {
      const entry = kept.get(key);
      kept.delete(key);
      if (entry !== undefined && entry.untilMs > now()) {
        kept.set(key, entry);
        return { answer: entry.answer, from: 'hit' };
      }
      const running = loading.get(key);
      if (running !== undefined) return { answer: await running, from: 'joined' };
      const started = loadOnce(key, load);
      loading.set(key, started);
      return { answer: await started, from: 'miss' };
    },
  };
}
