import { describe, expect, test } from 'vitest';
import type { VolumeObjects } from '#ports/volume-objects.ts';
import type { Upload, VolumeUploads } from '#ports/volume-uploads.ts';
import { hashOf } from '../support/tree-arbitrary.ts';

const BYTES = new TextEncoder().encode('some bytes');
const SHA256 = hashOf(BYTES);
const HOUR_MS = 3_600_000;

export interface UploadPlace {
  readonly uploads: VolumeUploads;
  readonly objects: VolumeObjects;
}

/** What somebody with the URL and nothing else can do, with a client that knows nothing of S3. */
const put = async ({ url, headers }: Upload, body: Uint8Array<ArrayBuffer>, change: Record<string, string> = {}) => {
  const response = await fetch(url, { method: 'PUT', body, headers: { ...headers, ...change } });
  await response.arrayBuffer();
  return response.status;
};

export const volumeUploadsContract = (make: () => Promise<UploadPlace>): void => {
  const now = () => Date.now();
  const signed = ({ uploads }: UploadPlace, sizeBytes = BYTES.length, nowMs = now()) =>
    uploads.upload({ sha256: SHA256, sizeBytes }, nowMs, nowMs + HOUR_MS);

  test('the object comes to be under its hash, as if it had been put otherwise', async () => {
    const place = await make();
    expect(await put(await signed(place), BYTES)).toBe(200);
    expect(await place.objects.read(SHA256, 10)).toEqual(BYTES);
    expect(await place.objects.put(SHA256, BYTES)).toEqual({ kind: 'stored' });
  });

  test('an empty object may be put', async () => {
    const { uploads, objects } = await make();
    const upload = await uploads.upload({ sha256: hashOf(''), sizeBytes: 0 }, now(), now() + HOUR_MS);
    expect(await put(upload, new Uint8Array())).toBe(200);
    expect(await objects.sizeBytes(hashOf(''))).toBe(0);
  });

  test('what is there is refused as such, and stays', async () => {
    const place = await make();
    const [first, second] = [await signed(place), await signed(place)];
    expect([await put(first, BYTES), await put(first, BYTES), await put(second, BYTES)]).toEqual([200, 412, 412]);
    expect(await place.objects.read(SHA256, 10)).toEqual(BYTES);
  });

  describe('nothing is stored by a request', () => {
    const other = new TextEncoder().encode('same size!');
    const longer = new TextEncoder().encode('some bytes and more');
    test.each<[string, number, (place: UploadPlace) => Promise<number>]>([
      ['with other bytes', 400, async (place) => put(await signed(place), other)],
      [
        'with a longer body, as long as it says',
        403,
        async (place) => put(await signed(place), longer, { 'content-length': String(longer.length) }),
      ],
      ['with a body of another size than was signed', 400, async (place) => put(await signed(place, longer.length), longer)],
      ['that is allowed to replace', 403, async (place) => put(await signed(place), BYTES, { 'if-none-match': 'x' })],
      ['of another type', 403, async (place) => put(await signed(place), BYTES, { 'content-type': 'text/html' })],
      ['that says it is coded', 403, async (place) => put(await signed(place), BYTES, { 'content-encoding': 'br' })],
      ['with another life in caches', 403, async (place) => put(await signed(place), BYTES, { 'cache-control': 'no-store' })],
      [
        'with the checksum of other bytes',
        403,
        async (place) => {
          const checksum = Buffer.from(hashOf(other), 'hex').toString('base64');
          return put(await signed(place), other, { 'x-amz-checksum-sha256': checksum });
        },
      ],
      [
        'for another key',
        403,
        async (place) => {
          const upload = await signed(place);
          return put({ ...upload, url: upload.url.replace(SHA256, hashOf(other)) }, BYTES);
        },
      ],
      ['after its time', 403, async (place) => put(await signed(place, BYTES.length, now() - HOUR_MS - 1_000), BYTES)],
    ])('%s', async (_, status, attempt) => {
      const place = await make();
      expect(await attempt(place)).toBe(status);
      expect(await place.objects.sizeBytes(SHA256)).toBeUndefined();
      expect(await place.objects.sizeBytes(hashOf(other))).toBeUndefined();
    });

    test.each(['content-length', 'content-type', 'content-encoding', 'cache-control', 'if-none-match', 'x-amz-checksum-sha256'])(
      'without the header %s',
      async (name) => {
        const { uploads, objects } = await make();
        const { url, headers } = await uploads.upload({ sha256: SHA256, sizeBytes: BYTES.length }, now(), now() + HOUR_MS);
        const rest = Object.fromEntries(Object.entries(headers).filter(([one]) => one !== name));
        // Without a length, the body is sent in chunks.
        const body = name === 'content-length' ? new Blob([BYTES]).stream() : BYTES;
        const response = await fetch(url, { method: 'PUT', body, headers: rest, ...{ duplex: 'half' } });
        expect(response.status).toBe(403);
        expect(await objects.sizeBytes(SHA256)).toBeUndefined();
      },
    );
  });
};
