/**
 * Faults are exceptions and there are few kinds of them. Whatever a mirror, a client or a second publisher does is an outcome and
 * is returned as data; these classes are for what the system itself cannot do.
 */

/** A document, message or item does not parse: poison, retrying will not help. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** Configuration is missing or malformed; all problems stand in the message. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Something we depend on failed for now: throttling, a time-out, our own network. Retrying may help. */
export class Fault extends Error {
  override readonly name = 'Fault';
}
