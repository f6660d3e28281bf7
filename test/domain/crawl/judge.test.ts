import { describe, expect, it } from 'vitest';
import { type HttpSeen, judgeDirectory, judgeEmptyDirectory, judgeFile, judgeHead } from '#domain/crawl/judge.ts';
import { headText } from '../../support/a-network.ts';

const answered = (status: number, headers: Record<string, string> = {}, body = ''): HttpSeen => ({
  kind: 'answered',
  status,
  headers,
  body: new TextEncoder().encode(body),
});
const timeout: HttpSeen = { kind: 'failed', failure: 'timeout', reason: 'no answer' };

describe('what an HTTP answer proves', () => {
  it.each([
    ['a repomd.xml', answered(200, {}, headText('1')), 'head'],
    ['a page with status 200', answered(200, {}, '<html>Welcome to the hotel</html>'), 'absent'],
    ['nothing with status 200', answered(200), 'absent'],
    ['404', answered(404), 'absent'],
    ['403', answered(403), 'absent'],
    ['429', answered(429), 'unknown'],
    ['500', answered(500), 'unknown'],
    ['a body without end', { kind: 'failed', failure: 'too-large', reason: '' }, 'absent'],
    ['a time-out', timeout, 'unknown'],
  ] as const)('of a head: %s', (_, seen, verdict) => {
    expect(judgeHead(seen, 'rpm')).toBe(verdict);
  });

  it('knows a Release file, signed or not, from a page', () => {
    expect(
      judgeHead(answered(200, {}, '-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nSuite: stable\nSHA256:\n'), 'apt'),
    ).toBe('head');
    expect(judgeHead(answered(200, {}, '<html></html>'), 'apt')).toBe('absent');
    expect(judgeHead(answered(200, {}, '<!doctype html>'), 'files')).toBe('absent');
  });

  it.each([
    ['the right length', answered(200, { 'content-length': '100' }), 'same'],
    ['another length', answered(200, { 'content-length': '99' }), 'differs'],
    ['no length', answered(200), 'unknown'],
    ['a compressed length', answered(200, { 'content-length': '100', 'content-encoding': 'gzip' }), 'unknown'],
    ['404', answered(404), 'differs'],
    ['410', answered(410), 'differs'],
    ['429', answered(429), 'unknown'],
    ['503', answered(503), 'unknown'],
    ['a time-out', timeout, 'unknown'],
  ] as const)('of a sampled file: %s', (_, seen, verdict) => {
    expect(judgeFile(seen, 100)).toBe(verdict);
  });

  it('takes a hidden listing of a directory without files for its presence', () => {
    expect(judgeEmptyDirectory(answered(403))).toBe('same');
    expect(judgeEmptyDirectory(answered(404))).toBe('differs');
    expect(judgeEmptyDirectory(answered(500))).toBe('unknown');
  });

  it('lets one different file decide and one unknown file leave it open', () => {
    expect(judgeDirectory(['same', 'unknown', 'differs'])).toBe('differs');
    expect(judgeDirectory(['same', 'unknown'])).toBe('unknown');
    expect(judgeDirectory(['same', 'same'])).toBe('same');
    expect(judgeDirectory([])).toBe('unknown');
  });
});
