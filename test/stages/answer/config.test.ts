import { expect, it } from 'vitest';
import { ConfigError } from '#domain/errors.ts';
import { parseConfig } from '../../../functions/answer/config.ts';

const RUNTIME = { AWS_REGION: 'eu-north-1', AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };

it('reads the bucket, the runtime’s credentials and an endpoint override', () => {
  expect(
    parseConfig({ ...RUNTIME, MIRRORTIDE_BUCKET: 'data', AWS_SESSION_TOKEN: 'token', AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9' }),
  ).toEqual({
    bucket: 'data',
    region: 'eu-north-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'token' },
    endpoint: new URL('http://127.0.0.1:9'),
  });
});

it('names everything that is wrong at once', () => {
  expect(() => parseConfig({ AWS_REGION: 'x', AWS_ENDPOINT_URL_S3: 'ftp://x' })).toThrow(
    new ConfigError(
      'MIRRORTIDE_BUCKET is missing; AWS_ACCESS_KEY_ID is missing; AWS_SECRET_ACCESS_KEY is missing; AWS_ENDPOINT_URL_S3 is not an http or https URL',
    ),
  );
});
