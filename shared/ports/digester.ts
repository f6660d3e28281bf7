import type { DigestAlgorithm } from '#domain/artefact/digest.ts';

export interface RunningDigest {
  update(bytes: Uint8Array): void;
  /** Ends it; lower case. */
  hex(): string;
}

export type Digester = (algorithm: DigestAlgorithm) => RunningDigest;
