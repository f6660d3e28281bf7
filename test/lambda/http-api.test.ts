import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { httpApi } from '#lambda/http-api.ts';
import { type HttpCall, jsonReply } from '#wire/api/http-call.ts';

/** As API Gateway's documentation shows it, payload version 2.0, of an API with mutual TLS. */
const CERTIFICATE = {
  clientCertPem: '-----BEGIN CERTIFICATE-----\nMIIEZTCCAk0CAQEwDQ\n-----END CERTIFICATE-----',
  subjectDN: 'C=US,ST=Washington,O=Example,CN=web-1.example.org',
  issuerDN: 'C=US,O=Example,CN=An authority',
  serialNumber: '1',
  validity: { notBefore: 'Aug  5 00:28:21 2025 GMT', notAfter: 'Aug  5 00:28:21 2026 GMT' },
};

const eventOf = (context: Readonly<Record<string, unknown>> = {}, change: Partial<APIGatewayProxyEventV2> = {}) =>
  ({
    version: '2.0',
    routeKey: '$default',
    rawPath: '/api/v1/locks/web%20servers/acquire',
    rawQueryString: 'a=1&a=2',
    headers: { Authorization: 'Bearer t', 'content-type': 'application/json', 'X-Forwarded-For': '203.0.113.9' },
    requestContext: {
      accountId: '123456789012',
      apiId: 'api-id',
      domainName: 'locks.example.org',
      domainPrefix: 'locks',
      http: {
        method: 'POST',
        path: '/api/v1/locks/web servers/acquire',
        protocol: 'HTTP/1.1',
        sourceIp: '192.0.2.1',
        userAgent: 'x',
      },
      requestId: 'id=',
      routeKey: '$default',
      stage: '$default',
      time: '12/Mar/2026:19:03:58 +0000',
      timeEpoch: 1_773_342_238_000,
      ...context,
    },
    body: '{"requestId":"r"}',
    isBase64Encoded: false,
    ...change,
  }) as APIGatewayProxyEventV2;

const callOf = async (event: APIGatewayProxyEventV2): Promise<HttpCall> => {
  const calls: HttpCall[] = [];
  const reply = jsonReply(202, { ok: true });
  const handler = httpApi(async (call) => {
    calls.push(call);
    return reply;
  });
  expect(await handler(event)).toBe(reply);
  const [call] = calls;
  if (call === undefined) throw new Error('the story was not called');
  return call;
};

describe('a request behind an HTTP API', () => {
  test('is handed on with the path as it came, names of headers in lower case, and the time of its arrival', async () => {
    expect(await callOf(eventOf())).toEqual({
      method: 'POST',
      path: '/api/v1/locks/web%20servers/acquire',
      query: 'a=1&a=2',
      headers: { authorization: 'Bearer t', 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.9' },
      body: '{"requestId":"r"}',
      arrivedMs: 1_773_342_238_000,
      sourceIp: '192.0.2.1',
      certificateSubject: undefined,
      claims: undefined,
    });
  });

  test('names the subject of the certificate that the front door has verified, and nothing else is one', async () => {
    expect(await callOf(eventOf({ authentication: { clientCert: CERTIFICATE } }))).toMatchObject({
      certificateSubject: CERTIFICATE.subjectDN,
    });
    for (const authentication of [undefined, null, {}, { clientCert: undefined }])
      expect(await callOf(eventOf({ authentication }))).toMatchObject({ certificateSubject: undefined });
    const headers = { 'x-amzn-mtls-clientcert-subject': CERTIFICATE.subjectDN };
    expect(await callOf(eventOf({}, { headers }))).toMatchObject({ certificateSubject: undefined });
  });

  test('has the claims that an authorizer has verified', async () => {
    const claims = { sub: 'ada', groups: '[admins staff]' };
    expect(await callOf(eventOf({ authorizer: { jwt: { claims, scopes: null } } }))).toMatchObject({ claims });
    for (const authorizer of [undefined, null, {}, { lambda: { claims } }])
      expect(await callOf(eventOf({ authorizer }))).toMatchObject({ claims: undefined });
  });

  test('has its body as text, whether the front door took it for text or not', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
        const encoded = { body: Buffer.from(text).toString('base64'), isBase64Encoded: true };
        expect((await callOf(eventOf({}, encoded))).body).toBe(text);
        expect((await callOf(eventOf({}, { body: text }))).body).toBe(text);
      }),
    );
    const { body: _, ...without } = eventOf();
    expect((await callOf(without)).body).toBe('');
  });
});
