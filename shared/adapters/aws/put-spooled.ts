import { Fault } from '#domain/errors.ts';
import type { Spool } from '../node/spool.ts';
import type { PutBody } from './s3-object.ts';

const STREAM_TRIES = 3;

/** Stores what was spooled. The SDK repeats no stream by itself. */
export const putSpooled = async ({ content }: Spool, put: (body: PutBody) => Promise<unknown>): Promise<void> => {
  const body = content();
  const tries = typeof body === 'function' ? STREAM_TRIES : 1;
  for (let left = tries - 1; ; left -= 1) {
    try {
      await put(body);
      return;
    } catch (error) {
      if (!(error instanceof Fault) || left === 0) throw error;
    }
  }
};
