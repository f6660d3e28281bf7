/** What the commands of the network end with; scripts depend on the numbers. */
export const EXIT_CODES = {
  /** Done, or there was nothing to do. */
  done: 0,
  /** No answer of the service, or a fault of this machine. What was done is done; run it again. */
  failed: 1,
  /** The command line or the file is wrong; nothing was asked. */
  usage: 2,
  /** The service will not do it, and asking again does not help. */
  refused: 3,
  /** Somebody else changed the same thing meanwhile; run it again and look at what it shows. */
  changed: 4,
} as const;

export const EXIT_CODE_LINES = [
  'Exit codes: 0 done, or nothing to do; 1 failed, run it again; 2 the command line or the file is wrong;',
  '3 refused by the service; 4 somebody else changed the same thing meanwhile, run it again.',
];
