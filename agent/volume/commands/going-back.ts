import type { Sha256 } from '#domain/volume/tree.ts';

/** What somebody copies who wants back what was there before. */
export const goingBack = (volume: string, previous: Sha256 | undefined): readonly string[] =>
  previous === undefined
    ? ['previous: none']
    : [`previous: ${previous}`, `to go back: mirrortide rollback ${volume} --to ${previous} --reason '...'`];
