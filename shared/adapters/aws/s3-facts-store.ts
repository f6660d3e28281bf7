import type { Facts } from '#domain/crawl/observation.ts';
import { WireError } from '#domain/errors.ts';
import type { FactsStore } from '#ports/observation-store.ts';
import { parseFacts, printFacts } from '#wire/facts.ts';
import { recentlyRead } from './recently-read.ts';
import { type Bucket, getNamedObject, putImmutableObject, sha256Hex } from './s3-object.ts';

/** Most mirrors share a handful of facts; the publisher reads each of them once a minute. */
const REMEMBERED = 64;

const keyOf = (category: string, name: string): string => `facts/${category}/${name}`;

export const s3FactsStore = (bucket: Bucket): FactsStore => {
  const remembered = recentlyRead<Facts | undefined>(REMEMBERED);
  const missing = Symbol('missing');

  const read = async (category: string, name: string): Promise<Facts> => {
    const bytes = await getNamedObject(bucket, keyOf(category, name), name);
    if (bytes === undefined) throw missing;
    const facts = parseFacts(bytes);
    if (facts.category !== category) throw new WireError(`facts ${name} are of ${facts.category}, not of ${category}`);
    return facts;
  };

  return {
    put: async (facts) => {
      const bytes = printFacts(facts);
      const name = sha256Hex(bytes);
      await putImmutableObject(bucket, keyOf(facts.category, name), bytes, { ContentType: 'application/json' });
      return name;
    },
    get: async (category, name) => {
      try {
        return await remembered(keyOf(category, name), () => read(category, name));
      } catch (error) {
        // Thrown, not returned, so that absence is not remembered: the object may come.
        if (error === missing) return undefined;
        throw error;
      }
    },
  };
};
