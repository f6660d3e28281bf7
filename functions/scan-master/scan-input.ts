import * as v from 'valibot';
import { WireError } from '#domain/errors.ts';
import type { CategoryId } from '#domain/inventory/inventory.ts';

export interface ScanInput {
  /** Every category when `undefined`. */
  readonly category: CategoryId | undefined;
}

// A schedule's own event has other fields, which mean nothing here.
const event = v.object({ category: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(200))) });

export const parseScanInput = (value: unknown): ScanInput => {
  const result = v.safeParse(event, value ?? {});
  if (!result.success) throw new WireError('scan-master: the event is neither {} nor {"category": ID}');
  return { category: result.output.category };
};
