import { createHash } from 'node:crypto';
import type { Digester } from '#ports/digester.ts';

export const nodeDigester: Digester = (algorithm) => {
  const hash = createHash(algorithm);
  return {
    update: (bytes) => {
      hash.update(bytes);
    },
    hex: () => hash.digest('hex'),
  };
};
