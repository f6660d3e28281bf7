/** What the older protocols call by name, within what names may be here. */
import * as v from 'valibot';

export const hostName = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._:@-]{0,252}$/));

/** No slashes, no control characters, no blanks at the ends. */
export const lockName = v.pipe(v.string(), v.regex(/^[^\s/\p{C}](?:[^/\p{C}]{0,98}[^\s/\p{C}])?$/u));

export const isHostName = (text: string): boolean => v.is(hostName, text);
export const isLockName = (text: string): boolean => v.is(lockName, text);
