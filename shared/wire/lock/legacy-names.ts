/** What the older protocols call by name, within what names may be here. */
import * as v from 'valibot';

export const hostName = v.pipe(v.string(), v.regex(/^[a-zA-Z0-9._:@-]{1,253}$/));

/** No slashes, no control characters, no blanks at the ends. */
export const lockName = v.pipe(
  v.string(),
  v.regex(/^[^/\p{Cc}\p{Cs}]{1,100}$/u),
  v.check((name) => name.trim() === name, 'a blank at an end'),
);

export const isHostName = (text: string): boolean => v.is(hostName, text);
export const isLockName = (text: string): boolean => v.is(lockName, text);
