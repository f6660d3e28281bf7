import type { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { type Bucket, httpStatus } from '#adapters/aws/s3-object.ts';
import { Fault } from '#domain/errors.ts';

export interface StoredObject {
  readonly sizeBytes: number;
  readonly contentType: string | undefined;
}

/** The CDN's second origin: the bucket itself, from which it reads objects of any size without a function. */
export interface ContentObjects {
  /** Undefined when there is no such key. */
  look(key: string): Promise<StoredObject | undefined>;
  /** Bytes as they come, from `start` to before `endExclusive`. */
  open(key: string, start: number, endExclusive: number): Promise<Readable>;
}

export function contentObjects({ client, name }: Bucket): ContentObjects {
  return {
    async look(key) {
      try {
        const found = await client.send(new HeadObjectCommand({ Bucket: name, Key: key }));
        return { sizeBytes: found.ContentLength ?? 0, contentType: found.ContentType };
      } catch (error) {
        if (httpStatus(error) === 404) return undefined;
        throw error;
      }
    },
    async open(key, start, endExclusive) {
      const Range = `bytes=${start}-${endExclusive - 1}`;
      const { Body: body } = await client.send(new GetObjectCommand({ Bucket: name, Key: key, Range }));
      if (body === undefined || !('pipe' in body)) throw new Fault(`${key} has no body`);
      return body as Readable;
    },
  };
}
