import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseReport } from '#wire/report-mirror/parse-report.ts';
import { parseXmlRpcCall, printXmlRpcFault, printXmlRpcReply } from '#wire/report-mirror/xml-rpc.ts';

const REPOSITORY = join(import.meta.dirname, '../../..');
const OURS = join(REPOSITORY, 'test/fixtures/report-mirror.http');

const bodyOf = (file: string): string =>
  readFileSync(file, 'utf8')
    .split(/\r?\n\r?\n/)
    .slice(1)
    .join('\n\n');
const bzip2 = (bytes: Uint8Array | string): Buffer => execFileSync('bzip2', ['-c'], { input: bytes, maxBuffer: 2 ** 27 });
const packed = (value: unknown): string => bzip2(JSON.stringify(value)).toString('base64url');

const REPORT = {
  version: 0,
  global: { enabled: '1', server: 'https://example.org/xmlrpc' },
  site: { enabled: '1', name: 'Example.com', password: 'p' },
  host: { enabled: '1', name: 'm1' },
  stats: {},
  linux: { enabled: '1', dirtree: { '': {}, releases: {} } },
};
const LIMITS = { packedBytes: 20_000, unpackedBytes: 100_000, directories: 1_000 };
const parsed = (value: unknown) => parseReport(packed(value), LIMITS);

describe('a request as the client sends it', () => {
  test('gives up all its layers', () => {
    const call = parseXmlRpcCall(bodyOf(OURS));
    expect(call?.method).toBe('checkin');
    expect(parseReport(call?.text ?? '')).toEqual({
      kind: 'report',
      report: {
        siteName: 'Example University',
        password: `mth~m1~0123456789ab~${'A'.repeat(43)}`,
        hostName: 'M1',
        userActive: true,
        sections: [
          {
            name: 'linux',
            directories: new Set([
              '',
              'alpha',
              'alpha/os',
              'alpha/os/repodata',
              'alpha/os/Packages',
              'iso',
              'größe',
              'unknown/directory',
            ]),
          },
        ],
      },
    });
  });
});

describe('a call of XML-RPC', () => {
  const document = (value: string, prolog = "<?xml version='1.0'?>\n"): string =>
    `${prolog}<methodCall>\n<methodName>checkin</methodName>\n<params>\n<param>\n<value>${value}</value>\n</param>\n</params>\n</methodCall>\n`;

  test.each([
    ['a string', document('<string>QQ==</string>')],
    ['no type, which means a string', document('QQ==')],
    ['base64', document('\n<base64>QQ==</base64>\n')],
    ['no prolog', document('<string>QQ==</string>', '')],
    ['no white space', document('<string>QQ==</string>', '').replaceAll('\n', '')],
  ])('may have %s', (_, text) => {
    expect(parseXmlRpcCall(text)).toEqual({ method: 'checkin', text: 'QQ==' });
  });

  test.each([
    ['entities', document('<string>&lt;</string>')],
    ['a document type', document('<string>QQ==</string>', '<!DOCTYPE a [<!ENTITY b "c">]>')],
    ['a number', document('<int>7</int>')],
    ['attributes', document('<string lang="x">QQ==</string>')],
    ['two parameters', document('<string>QQ==</string></value></param><param><value><string>QQ==</string>')],
    ['something behind it', `${document('QQ==')}<x/>`],
    ['nothing', ''],
  ])('may not have %s', (_, text) => {
    expect(parseXmlRpcCall(text)).toBeUndefined();
  });

  test('is refused in linear time, however long and however nearly right', () => {
    const long = 1_400_000;
    for (const text of [
      document(' '.repeat(long)).replace('</value>', '</valu>'),
      document(`<string>${'A'.repeat(long)}`),
      `<?xml ${'?'.repeat(long)}`,
      `<methodCall>${' '.repeat(long)}`,
      '<'.repeat(long),
    ]) {
      expect(parseXmlRpcCall(text)).toBeUndefined();
    }
  }, 10_000);
});

describe('a report', () => {
  test.each([
    ['base64 with line breaks', (text: string) => text.replaceAll(/.{60}/g, '$&\r\n')],
    ['the standard alphabet', (text: string) => Buffer.from(text, 'base64url').toString('base64')],
    ['no padding', (text: string) => text.replaceAll('=', '')],
  ])('may come in %s', (_, change) => {
    expect(parseReport(change(packed(REPORT)), LIMITS)).toMatchObject({ kind: 'report' });
  });

  test('knows sections that are switched off, and none of the client itself', () => {
    const found = parsed({ ...REPORT, Epel: { enabled: '0', dirtree: {} }, Extra: { dirtree: { '//a//b//': {}, '///': {} } } });
    expect(found).toMatchObject({
      report: { sections: [{ name: 'linux' }, { name: 'extra', directories: new Set(['a//b', '']) }], userActive: undefined },
    });
  });

  test('holds directories of any name, also of one that every object has', () => {
    const dirtree = JSON.parse('{"constructor": {}, "prototype": {}, "__proto__": {}, "toString": {}}') as unknown;
    expect(parsed({ ...REPORT, linux: { dirtree } })).toMatchObject({
      report: { sections: [{ name: 'linux', directories: new Set(['constructor', 'prototype', '__proto__', 'toString']) }] },
    });
  });

  test.each([
    ['1', true],
    ['Yes', true],
    ['t', true],
    ['0', false],
    ['no', false],
  ])('takes user_active = %s as MirrorManager does', (text, userActive) => {
    expect(parsed({ ...REPORT, host: { ...REPORT.host, user_active: text } })).toMatchObject({ report: { userActive } });
  });

  test.each<[string, unknown]>([
    ['config file version is not 0', { ...REPORT, version: 1 }],
    ['config file has no section global', { ...REPORT, global: undefined }],
    ['config file has no section site', { ...REPORT, site: undefined }],
    ['config file has no section host', { ...REPORT, host: 'm1' }],
    ['config file section site has no password', { ...REPORT, site: { name: 'x' } }],
    ['config file section global is not enabled', { ...REPORT, global: { enabled: '0' } }],
    ['config file section linux has no dirtree', { ...REPORT, linux: { enabled: '1' } }],
    ['the report is nested deeper than 6 levels', { ...REPORT, stats: [[[[[[]]]]]] }],
    [
      'the report has more than 100 sections',
      { ...REPORT, ...Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`linux ${at}`, { dirtree: {} }])) },
    ],
    ['the report holds more than 12000 values', { ...REPORT, stats: Array.from({ length: 12_001 }, () => 0) }],
  ])('is answered with: %s', (problem, value) => {
    expect(parsed(value)).toEqual({ kind: 'problem', problem });
  });

  test.each([
    ['the report is not base64', '"§$%'],
    ['the report has more than 20000 bytes', 'A'.repeat(40_000)],
    ['bzip2: the data does not begin as bzip2', Buffer.from('(dp0\nVversion\np1\nI0\ns.').toString('base64')],
    ['bzip2: unpacks to more than 100000 bytes', bzip2(Buffer.alloc(30_000_000)).toString('base64')],
    ['the report is not JSON', bzip2('(dp0\nVversion\np1\nI0\ns.').toString('base64')],
    ['the report is not JSON', bzip2(Buffer.from('7b22ff223a307d', 'hex')).toString('base64')],
    ['config file', packed(7)],
  ])('that is none is answered with: %s', (problem, text) => {
    const found = parseReport(text, LIMITS);
    if (problem === 'config file') expect(found.kind).toBe('problem');
    else expect(found).toEqual({ kind: 'problem', problem });
  });

  test('never throws, whatever JSON it is', () => {
    const any = fc.oneof(
      fc.jsonValue(),
      fc.record({
        ...Object.fromEntries(
          Object.keys(REPORT).map((key) => [key, fc.oneof(fc.constant(REPORT[key as 'site']), fc.jsonValue())]),
        ),
      }),
    );
    fc.assert(
      fc.property(any, (value) => {
        expect(['report', 'problem']).toContain(parsed(value).kind);
      }),
      { numRuns: 150 },
    );
  });
});

test('answers are what the client reads', () => {
  expect(printXmlRpcReply('a & b <c>\nchecked in successful\u0000')).toBe(
    "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><string>a &amp; b &lt;c&gt;\nchecked in successful?</string></value>\n</param>\n</params>\n</methodResponse>\n",
  );
  expect(printXmlRpcFault(-32_601, 'x')).toContain('<name>faultCode</name>\n<value><int>-32601</int></value>');
});
