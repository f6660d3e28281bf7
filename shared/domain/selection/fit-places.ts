/**
 * A list stops at a number of hosts, and its last places always hold hosts that serve everyone: a client that is not where we
 * think it is, or whose own network's mirrors all refuse it, still reaches somebody. Precisely, for a list of n places (n = the
 * smaller of the maximum and what there is) from which E hosts serve everyone, the last r = min(2, E, n/2 rounded up) places
 * hold hosts that serve everyone. Hosts that serve everyone keep their order among themselves, and so do the others; a host that
 * serves only some is moved before the reserved places, or left out when these leave no room.
 */

export const RESERVED_PLACES = 2;

export interface Fitted<T> {
  readonly kept: readonly T[];
  readonly leftOut: readonly T[];
}

export const fitPlaces = <T>(ordered: readonly T[], maximum: number, servesEveryone: (item: T) => boolean): Fitted<T> => {
  const places = Math.min(ordered.length, Math.max(0, maximum));
  let open = 0;
  for (const item of ordered) if (servesEveryone(item)) open += 1;
  const reserved = Math.min(RESERVED_PLACES, open, Math.ceil(places / 2));
  const head: T[] = [];
  const tail: T[] = [];
  const leftOut: T[] = [];
  let openAhead = open;
  for (const item of ordered) {
    const isOpen = servesEveryone(item);
    const spareable = !isOpen || openAhead > reserved;
    if (isOpen) openAhead -= 1;
    if (spareable && head.length < places - reserved) head.push(item);
    else if (isOpen && tail.length < reserved) tail.push(item);
    else leftOut.push(item);
  }
  return { kept: [...head, ...tail], leftOut };
};
