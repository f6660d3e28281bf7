import type { Sha256 } from '#domain/volume/tree.ts';
import type { Digester } from '#ports/digester.ts';

/** The hash that names objects and trees. */
export const hashBy =
  (digester: Digester) =>
  (bytes: Uint8Array): Sha256 => {
    const digest = digester('sha256');
    digest.update(bytes);
    return digest.hex();
  };
