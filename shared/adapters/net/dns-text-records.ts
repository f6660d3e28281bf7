import { Resolver } from 'node:dns/promises';
import type { TextRecords } from '#ports/text-records.ts';

const TRIES = 2;
/** More is not looked at: whoever publishes a proof publishes one. */
const MOST_RECORDS = 50;
const LONGEST_RECORD = 1_000;

/** `servers` as node:dns takes them, `127.0.0.1:53`; without them the system's. */
export const dnsTextRecords = (servers?: readonly string[]): TextRecords => ({
  lookup: async (name, withinMs) => {
    const resolver = new Resolver({ timeout: Math.max(1, Math.floor(withinMs / TRIES)), tries: TRIES });
    if (servers !== undefined) resolver.setServers(servers);
    try {
      const records = await resolver.resolveTxt(name);
      // A record of more than 255 bytes comes in pieces.
      return records.slice(0, MOST_RECORDS).map((pieces) => pieces.join('').slice(0, LONGEST_RECORD));
    } catch {
      // Whatever the reason, the proof is not there now; the owner is told where it was looked for.
      return [];
    }
  },
});
