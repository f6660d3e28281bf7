import { describe, expect, test } from 'vitest';
import { type AdminSetup, adminSetup, answered, bodyOf, NOW, told } from '../../support/admin-setup.ts';
import { useEmulators } from '../../support/emulators.ts';

const emulators = useEmulators();
const PATH = '/api/v1/hosts/c.example.org';
const HOST = {
  country: 'DE',
  site: 'alpha',
  carries: [{ category: 'linux', urls: ['https://c.example.org/linux', 'rsync://c.example.org/linux'] }],
};

interface ProofBody {
  readonly state: string;
  readonly token: string;
  readonly names: readonly {
    readonly name: string;
    readonly files: readonly string[];
    readonly record: string;
    readonly proved?: boolean;
  }[];
}

const proof = async ({ ask }: AdminSetup, method = 'POST'): Promise<ProofBody> =>
  bodyOf(await ask('alice', method, `${PATH}/proof`)) as ProofBody;

const pendingOf = async ({ inventory }: AdminSetup): Promise<boolean | undefined> =>
  (await inventory()).hosts.find(({ id }) => id === 'c.example.org')?.pending;

const declared = async (body: object = HOST): Promise<AdminSetup> => {
  const setup = await adminSetup(emulators);
  expect((await setup.ask('alice', 'PUT', PATH, { body })).statusCode).toBe(201);
  return setup;
};

describe('a public host that its owner declares', () => {
  test('is pending until a file below its URL shows the token and nothing else', async () => {
    const setup = await declared();
    expect(await pendingOf(setup)).toBe(true);
    expect(await proof(setup, 'GET')).toEqual({ state: 'pending', names: [] });
    const challenge = await proof(setup);
    const file = `https://c.example.org/linux/mirrortide-${challenge.token}.txt`;
    expect(challenge).toEqual({
      state: 'pending',
      token: expect.stringMatching(/^[0-9a-f]{32,}$/),
      expiresMs: NOW + 30 * 86_400_000,
      names: [{ name: 'c.example.org', files: [file], record: '_mirrortide.c.example.org' }],
    });
    expect(await proof(setup)).toMatchObject({
      state: 'pending',
      token: challenge.token,
      names: [
        {
          proved: false,
          looked: [
            { at: file, found: 'status 404' },
            { at: '_mirrortide.c.example.org TXT', found: 'no TXT record' },
          ],
        },
      ],
    });
    const soon = await setup.ask('alice', 'POST', `${PATH}/proof`);
    expect([soon.statusCode, soon.headers['retry-after']]).toEqual([429, '10']);
    setup.world.files.set(file, answered(`<html>You asked for mirrortide-${challenge.token}.txt</html>`, file));
    setup.clock.nowMs += 10_000;
    expect(await proof(setup)).toMatchObject({ state: 'pending', names: [{ proved: false }] });
    setup.world.files.set(file, answered(`${challenge.token}\n`, file));
    setup.clock.nowMs += 10_000;
    expect(await proof(setup)).toEqual({ state: 'proved', names: [] });
    expect(await pendingOf(setup)).toBe(false);
    expect(bodyOf(await setup.ask('alice', 'GET', `${PATH}/audit`))).toMatchObject({
      items: [
        {
          operation: 'proof',
          by: 'user:alice',
          before: { pending: true },
          after: expect.not.objectContaining({ pending: true }),
        },
        { operation: 'create' },
      ],
    });
    expect(await proof(setup, 'GET')).toEqual({ state: 'proved', names: [] });
  });

  test('may prove by a TXT record, every name in its URLs by itself', async () => {
    const urls = ['https://c.example.org/linux', 'http://cdn.example.net/linux', 'rsync://sync.example.org/linux'];
    const setup = await declared({ ...HOST, carries: [{ category: 'linux', urls }] });
    const { token, names } = await proof(setup);
    expect(names.map(({ name, files }) => [name, files.length])).toEqual([
      ['c.example.org', 1],
      ['cdn.example.net', 1],
      ['sync.example.org', 0],
    ]);
    setup.world.records.set('_mirrortide.c.example.org', ['v=spf1 -all', token]);
    setup.world.records.set('_mirrortide.sync.example.org', [token]);
    expect((await proof(setup)).names.map(({ proved }) => proved)).toEqual([true, false, true]);
    expect(await pendingOf(setup)).toBe(true);
    setup.world.records.set('_mirrortide.cdn.example.net', [token]);
    setup.clock.nowMs += 10_000;
    expect(await proof(setup)).toMatchObject({ state: 'proved' });
    expect(await pendingOf(setup)).toBe(false);
  });

  test('is not proved by a redirect to somebody else who shows the token', async () => {
    const setup = await declared();
    const { token, names } = await proof(setup);
    const [file = ''] = names[0]?.files ?? [];
    setup.world.files.set(file, answered(token, 'https://evil.example.net/x'));
    expect(await proof(setup)).toMatchObject({ state: 'pending', names: [{ proved: false }] });
  });

  test('is pending anew with a URL of another name, not with another path of the same', async () => {
    const setup = await declared();
    await setup.ask('wendy', 'PATCH', PATH, { body: { pending: false } });
    const patch = (urls: readonly string[]) =>
      setup.ask('alice', 'PATCH', PATH, { body: { carries: [{ category: 'linux', urls }] } });
    expect((await patch(['http://c.example.org:8080/other', 'https://c.example.org/elsewhere'])).statusCode).toBe(422);
    expect((await patch(['https://c.example.org/elsewhere'])).statusCode).toBe(200);
    expect(await pendingOf(setup)).toBe(false);
    expect((await patch(['https://c.example.org/elsewhere', 'https://victim.example.net/linux'])).statusCode).toBe(200);
    expect(await pendingOf(setup)).toBe(true);
    expect((await patch(['https://c.example.org/elsewhere'])).statusCode).toBe(200);
    expect(await pendingOf(setup)).toBe(true);
    expect((await setup.ask('alice', 'PATCH', PATH, { body: { pending: false } })).statusCode).toBe(403);
  });

  test('needs no proof while it is private, and does when it becomes public', async () => {
    const setup = await declared({ ...HOST, private: true });
    expect(await pendingOf(setup)).toBe(false);
    await setup.ask('alice', 'PATCH', PATH, { body: { private: false } });
    expect(await pendingOf(setup)).toBe(true);
  });

  test('needs none when an administrator declares it', async () => {
    const setup = await adminSetup(emulators);
    await setup.ask('wendy', 'PUT', PATH, { body: HOST });
    expect(await pendingOf(setup)).toBe(false);
  });

  test('cannot be proved with what an earlier host of the name published', async () => {
    const setup = await declared();
    const { token, names } = await proof(setup);
    const [file = ''] = names[0]?.files ?? [];
    setup.world.files.set(file, answered(token, file));
    setup.world.records.set('_mirrortide.c.example.org', [token]);
    expect((await setup.ask('alice', 'DELETE', PATH)).statusCode).toBe(204);
    expect((await setup.ask('bob', 'PUT', PATH, { body: { ...HOST, site: 'beta' } })).statusCode).toBe(201);
    const next = bodyOf(await setup.ask('bob', 'POST', `${PATH}/proof`)) as ProofBody;
    expect(next.token).not.toBe(token);
    expect(bodyOf(await setup.ask('bob', 'POST', `${PATH}/proof`))).toMatchObject({ state: 'pending' });
    expect(await pendingOf(setup)).toBe(true);
  });

  test('is not proved when its URLs changed while they were looked at', async () => {
    const setup = await declared();
    const { token } = await proof(setup);
    setup.world.records.set('_mirrortide.c.example.org', [token]);
    const other = setup.another();
    const slow = {
      ...setup.deps,
      textRecords: {
        lookup: async (name: string) => {
          await other.ask('alice', 'PATCH', PATH, {
            body: { carries: [{ category: 'linux', urls: ['https://victim.example.net/linux'] }] },
          });
          return setup.world.records.get(name) ?? [];
        },
      },
    };
    Object.assign(setup.deps, slow);
    expect(told(await setup.ask('alice', 'POST', `${PATH}/proof`))).toMatchObject([409, { kind: 'changed' }]);
    expect(await pendingOf(setup)).toBe(true);
  });

  test('is for an administrator when it has more names than anybody can look at', async () => {
    const urls = Array.from({ length: 10 }, (_, at) => `https://n${at}.example.org/linux`);
    const carries = [
      { category: 'linux', urls },
      { category: 'extras', urls: ['https://n10.example.org/extras'] },
    ];
    const setup = await declared({ ...HOST, carries });
    expect(told(await setup.ask('alice', 'POST', `${PATH}/proof`))).toMatchObject([409, { kind: 'too_many_names' }]);
  });
});

describe('a token of a host', () => {
  const TOKENS = '/api/v1/hosts/a.example.org/tokens';

  test('is told once, listed without what it is, and revoked at once, all of it in the trail', async () => {
    const { ask, deps, contents } = await adminSetup(emulators);
    const issued = await ask('alice', 'POST', TOKENS, { body: { label: 'report_mirror', lifetime: '30d' } });
    const { id, token } = bodyOf(issued) as { id: string; token: string };
    expect(told(issued)).toEqual([201, { id, token, label: 'report_mirror', expiresMs: NOW + 30 * 86_400_000 }]);
    expect(await deps.tokens.verify(token, NOW)).toMatchObject({ host: 'a.example.org', tokenId: id });
    const secret = token.split('~').at(-1) ?? '';
    expect(secret.length).toBeGreaterThan(30);
    expect(await contents()).not.toContain(secret);
    expect(bodyOf(await ask('alice', 'GET', TOKENS))).toMatchObject({
      items: [{ id, label: 'report_mirror', createdBy: 'alice', createdMs: NOW }],
    });
    expect((await ask('alice', 'DELETE', `${TOKENS}/${id}`)).statusCode).toBe(204);
    expect(await deps.tokens.verify(token, NOW)).toBeUndefined();
    expect((await ask('alice', 'DELETE', `${TOKENS}/${id}`)).statusCode).toBe(204);
    expect((await ask('alice', 'DELETE', `${TOKENS}/000000000000`)).statusCode).toBe(404);
    const { items } = bodyOf(await ask('alice', 'GET', '/api/v1/hosts/a.example.org/audit')) as {
      items: { operation: string }[];
    };
    expect(items.map(({ operation }) => operation)).toEqual(['token.revoke', 'token.revoke', 'token.issue']);
  });

  test('is issued once for one key, and not told again', async () => {
    const { ask } = await adminSetup(emulators);
    const keyed = { body: { label: 'x' }, headers: { 'idempotency-key': 'k' } };
    const first = bodyOf(await ask('alice', 'POST', TOKENS, keyed)) as { id: string };
    expect(bodyOf(await ask('alice', 'POST', TOKENS, keyed))).toEqual({ id: first.id, label: 'x' });
    expect((bodyOf(await ask('alice', 'GET', TOKENS)) as { items: unknown[] }).items).toHaveLength(1);
  });

  test('is asked for with a label, and a lifetime if any', async () => {
    const { ask, contents } = await adminSetup(emulators);
    const before = await contents();
    const problems = async (body: unknown) => told(await ask('alice', 'POST', TOKENS, { body }));
    expect(await problems({})).toMatchObject([422, { problems: [{ message: 'the key `label` is missing' }] }]);
    expect(await problems({ label: 'x', lifetime: 'long' })).toMatchObject([422, { problems: [{ path: 'lifetime' }] }]);
    expect(await problems({ label: 'x', secret: 'y' })).toMatchObject([422, { problems: [{ path: 'secret' }] }]);
    expect((await ask('alice', 'POST', TOKENS, { body: { label: 'x' }, query: 'dryRun=true' })).statusCode).toBe(200);
    expect(await contents()).toBe(before);
  });

  test('is worth nothing for a host that comes after its own under the same name', async () => {
    const { ask, deps } = await adminSetup(emulators);
    const { token } = bodyOf(await ask('alice', 'POST', TOKENS, { body: { label: 'x' } })) as { token: string };
    await ask('wendy', 'DELETE', '/api/v1/hosts/a.example.org');
    expect(await deps.tokens.verify(token, NOW)).toBeUndefined();
    // As if the function had been killed between the removal and the revocation.
    const late = await deps.tokens.issue({ host: 'a.example.org', by: 'alice', label: 'late' }, NOW);
    await ask('wendy', 'PUT', '/api/v1/hosts/a.example.org', { body: { ...HOST, site: 'beta' } });
    expect(late.kind === 'issued' && (await deps.tokens.verify(late.token, NOW))).toBeUndefined();
  });
});
