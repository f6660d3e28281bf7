import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { signS3Request } from '#adapters/aws/sign-s3-request.ts';

it('signs as the SDK does', async () => {
  const word = fc.stringMatching(/^[a-z0-9.-]{1,20}$/);
  const anyRead = fc.record({
    host: fc.tuple(word, fc.constantFrom('', ':4566')).map((parts) => parts.join('')),
    path: fc.array(
      fc.string({ unit: 'binary', minLength: 1 }).map((text) => text.toWellFormed()),
      { minLength: 1, maxLength: 4 },
    ),
    region: fc.constantFrom('us-east-1', 'eu-north-1', 'cn-north-1'),
    at: fc.date({ min: new Date('2000-01-01'), max: new Date('2099-01-01'), noInvalidDate: true }),
    method: fc.constantFrom('GET' as const, 'HEAD' as const),
    secret: fc.string({ minLength: 1 }),
    sessionToken: fc.option(word, { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(anyRead, async ({ host, path: segments, region, at, method, secret, sessionToken }) => {
      const path = `/${segments.map((one) => encodeURIComponent(one).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)).join('/')}`;
      const credentials = { accessKeyId: 'AKID', secretAccessKey: secret, sessionToken };
      const signer = new SignatureV4({
        service: 's3',
        region,
        sha256: Sha256,
        uriEscapePath: false,
        credentials: { accessKeyId: 'AKID', secretAccessKey: secret, ...(sessionToken === undefined ? {} : { sessionToken }) },
      });
      const request = { method, protocol: 'https:', hostname: host, path, headers: { host }, query: {} };
      const expected = await signer.sign(request, { signingDate: at });
      expect(signS3Request({ method, host, path, region, at }, credentials)).toEqual(expected.headers);
    }),
    { numRuns: 200 },
  );
});
