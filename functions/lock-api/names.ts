import type { HostName, LockName } from '#domain/lock/lock-state.ts';

// Letters, numbers, marks, punctuation and symbols of any script; a slash would end the part of a path.
const LOCK = /^[^\s/\p{C}](?:[^/\p{C}]{0,98}[^\s/\p{C}])?$/u;
const HOST = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,252}$/;

export const isLockName = (text: unknown): text is LockName => typeof text === 'string' && LOCK.test(text) && text.isWellFormed();

export const isHostName = (text: unknown): text is HostName => typeof text === 'string' && HOST.test(text);
