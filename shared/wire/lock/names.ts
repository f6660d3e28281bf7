/** What may be the name of a lock or of a host, in every protocol. */
import * as v from 'valibot';
import type { HostName, LockName } from '#domain/lock/lock-state.ts';

export const HOST_NAME = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,252}$/;
export const hostName = v.pipe(v.string(), v.regex(HOST_NAME));

/** Letters, numbers, marks, punctuation and symbols of any script, blanks inside; a slash would end the part of a path. */
export const lockName = v.pipe(v.string(), v.regex(/^[^\s/\p{C}](?:[^/\p{C}]{0,98}[^\s/\p{C}])?$/u));

export const isHostName = (text: unknown): text is HostName => v.is(hostName, text);
export const isLockName = (text: unknown): text is LockName => v.is(lockName, text);
