import { describe, expect, test } from 'vitest';
import { Fault } from '#domain/errors.ts';
import type { HostTokens, TokenIssue } from '#ports/host-tokens.ts';
import { parseHostToken, printHostToken } from '#wire/host-token.ts';
import { onCommand } from '../support/fault-injection.ts';
import type { MakePlace } from './places.ts';

const MINUTE_MS = 60_000;
const NOW_MS = 1_700_000_000_000;
const WISH = { host: 'mirror.example.org', by: 'ann', label: 'rsync box' };

const issued = (issue: TokenIssue): { readonly id: string; readonly token: string } => {
  if (issue.kind !== 'issued') throw new Error(`the token was not issued: ${issue.kind}`);
  return issue;
};

const partsOf = (token: string) => {
  const parts = parseHostToken(token);
  if (parts === undefined) throw new Error('a token that was issued does not parse');
  return parts;
};

export const hostTokensContract = (make: MakePlace<HostTokens>): void => {
  test('an issued token is good for its host, and is listed without its secret', async () => {
    const tokens = (await make()).open();
    const { id, token } = issued(await tokens.issue(WISH, NOW_MS));
    expect(token).toMatch(/^mth~mirror\.example\.org~[0-9a-f]{12}~[\w-]{43}$/);
    expect(await tokens.list(WISH.host)).toEqual([
      {
        id,
        host: WISH.host,
        label: 'rsync box',
        createdMs: NOW_MS,
        createdBy: 'ann',
        expiresMs: undefined,
        revokedMs: undefined,
        lastUsedMs: undefined,
      },
    ]);
    expect(await tokens.verify(token, NOW_MS)).toEqual({ host: WISH.host, tokenId: id });
    expect(JSON.stringify(await tokens.list(WISH.host))).not.toContain(partsOf(token).secret);
  });

  test('the last use is noted to the minute', async () => {
    const tokens = (await make()).open();
    const { token } = issued(await tokens.issue(WISH, NOW_MS));
    const usedAt = async (nowMs: number) => {
      await tokens.verify(token, nowMs);
      return (await tokens.list(WISH.host))[0]?.lastUsedMs;
    };
    expect(await usedAt(NOW_MS)).toBe(NOW_MS);
    expect(await usedAt(NOW_MS + MINUTE_MS - 1)).toBe(NOW_MS);
    expect(await usedAt(NOW_MS + MINUTE_MS)).toBe(NOW_MS + MINUTE_MS);
  });

  describe('nothing is said of', () => {
    test.each([
      ['no token at all', () => ''],
      ['a token of another make', (token: string) => token.replace('mth~', 'ght~')],
      ['a token with something behind it', (token: string) => `${token}\n`],
      ['another secret', (token: string) => printHostToken({ ...partsOf(token), secret: 'A'.repeat(43) })],
      ['another token of the host', (token: string) => printHostToken({ ...partsOf(token), tokenId: '0'.repeat(12) })],
      ['the token of another host', (token: string) => printHostToken({ ...partsOf(token), host: 'other' })],
    ])('%s', async (_, change) => {
      const tokens = (await make()).open();
      const { token } = issued(await tokens.issue(WISH, NOW_MS));
      await tokens.issue({ ...WISH, host: 'other' }, NOW_MS);
      expect(await tokens.verify(change(token), NOW_MS)).toBeUndefined();
      expect((await tokens.list(WISH.host))[0]?.lastUsedMs).toBeUndefined();
    });

    test('a token that expired', async () => {
      const tokens = (await make()).open();
      const { id, token } = issued(await tokens.issue({ ...WISH, expiresMs: NOW_MS + 10 }, NOW_MS));
      expect(await tokens.verify(token, NOW_MS + 9)).toEqual({ host: WISH.host, tokenId: id });
      expect(await tokens.verify(token, NOW_MS + 10)).toBeUndefined();
    });

    test('a token that was revoked, while its successor is good', async () => {
      const place = await make();
      const tokens = place.open();
      const old = issued(await tokens.issue(WISH, NOW_MS));
      const next = issued(await tokens.issue(WISH, NOW_MS + 1));
      expect(await tokens.verify(old.token, NOW_MS + 1)).toEqual({ host: WISH.host, tokenId: old.id });
      expect(await place.open().revoke(WISH.host, old.id, NOW_MS + 2)).toBe('revoked');
      expect(await tokens.verify(old.token, NOW_MS + 2)).toBeUndefined();
      expect(await tokens.verify(next.token, NOW_MS + 2)).toEqual({ host: WISH.host, tokenId: next.id });
    });
  });

  test('revoking again changes nothing, and revoking what never was says so', async () => {
    const tokens = (await make()).open();
    const { id } = issued(await tokens.issue(WISH, NOW_MS));
    await tokens.revoke(WISH.host, id, NOW_MS + 1);
    expect(await tokens.revoke(WISH.host, id, NOW_MS + 2)).toBe('revoked');
    expect((await tokens.list(WISH.host))[0]?.revokedMs).toBe(NOW_MS + 1);
    expect(await tokens.revoke('other', id, NOW_MS)).toBe('unknown');
    expect(await tokens.list('other')).toEqual([]);
  });

  test('the newest is listed first, and too many are refused until one is revoked', async () => {
    const tokens = (await make()).open();
    const ids: string[] = [];
    for (let count = 0; count < 20; count += 1) ids.unshift(issued(await tokens.issue(WISH, NOW_MS + count)).id);
    expect((await tokens.list(WISH.host)).map(({ id }) => id)).toEqual(ids);
    expect(await tokens.issue(WISH, NOW_MS + 20)).toEqual({ kind: 'too-many', limit: 20 });
    await tokens.revoke(WISH.host, ids[3] ?? '', NOW_MS + 21);
    expect((await tokens.issue(WISH, NOW_MS + 21)).kind).toBe('issued');
  });

  describe('faults', () => {
    test('a lost reply of the issue gives one token, and it is good', async () => {
      const place = await make();
      const lost = { kind: 'reply-lost' } as const;
      const { id, token } = issued(await place.open(onCommand('PutItemCommand', lost)).issue(WISH, NOW_MS));
      expect((await place.open().list(WISH.host)).map((known) => known.id)).toEqual([id]);
      expect(await place.open().verify(token, NOW_MS)).toEqual({ host: WISH.host, tokenId: id });
    });

    test('a table that does not answer is a Fault, never a refusal', async () => {
      const place = await make();
      const { token } = issued(await place.open().issue(WISH, NOW_MS));
      await expect(place.open(() => ({ kind: 'request-lost' })).verify(token, NOW_MS)).rejects.toThrow(Fault);
    });
  });
};
