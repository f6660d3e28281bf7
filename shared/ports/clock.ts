import type { EpochMs } from '#domain/inventory/inventory.ts';

export interface Clock {
  now(): EpochMs;
}
