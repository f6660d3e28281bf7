import type { Route } from './route.ts';

/** Announcing a sync, waiting for it, its heartbeats and its end. */
export const SYNC_ROUTES: readonly Route[] = [];
