import type { EpochMs } from '#domain/inventory/inventory.ts';
import type { Sha256 } from '#domain/volume/tree.ts';

export interface UploadWish {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
}

/** Where and how to put the bytes: a PUT with exactly these headers. */
export interface Upload {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface VolumeUploads {
  /**
   * Lets whoever has it put one object, of this hash and this size and no other, until it expires. What is there already is
   * refused (412), and as good as put. Asks nobody but for credentials; throws Fault without any.
   */
  readonly upload: (wish: UploadWish, nowMs: EpochMs, expiresMs: EpochMs) => Promise<Upload>;
}

/** S3 takes no more in one PUT, and the SHA-256 of what came in parts is not that of the whole: 5 GiB. */
export const MOST_UPLOAD_BYTES = 5_368_709_120;
