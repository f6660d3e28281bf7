import { describe, expect, it } from 'vitest';
import { commonNameOf } from '#wire/lock/common-name.ts';

describe('the common name of a certificate', () => {
  it.each([
    ['CN=a.example.org', 'a.example.org'],
    ['CN=a.example.org,O=Example', 'a.example.org'],
    ['C=US,ST=Washington,O=Example, Inc=x, CN = a.example.org ', 'a.example.org'],
    ['O=Example\\, Inc.,OU=x+cn=a.example.org', 'a.example.org'],
    ['O="Example, Inc.",CN=a.example.org', 'a.example.org'],
    ['2.5.4.10=Example,CN=a.example.org', 'a.example.org'],
  ])('stands in %s', (subject, name) => {
    expect(commonNameOf(subject)).toBe(name);
  });

  it.each([
    ['O=x\\,CN=other.example.org,CN=a.example.org', 'a.example.org'],
    ['O="x,CN=other.example.org",CN=a.example.org', 'a.example.org'],
    ['O=x/CN=other.example.org,CN=a.example.org', 'a.example.org'],
    ['O=x\\+CN=other.example.org,CN=a.example.org', 'a.example.org'],
  ])('is not what another attribute says, as in %s', (subject, name) => {
    expect(commonNameOf(subject)).toBe(name);
  });

  it.each([
    '',
    'O=Example',
    'a.example.org',
    'CN=a.example.org,CN=b.example.org',
    'CN=a.example.org,',
    'CN=a.example.org,O="Example',
    'CN=a.example.org,O=x\\',
  ])('is not guessed from %j', (subject) => {
    expect(commonNameOf(subject)).toBeUndefined();
  });

  it('is looked for in linear time', () => {
    expect(commonNameOf(`O=${' '.repeat(100_000)}"`)).toBeUndefined();
    expect(commonNameOf(`O${' '.repeat(100_000)}`)).toBeUndefined();
    expect(commonNameOf(`O=${'\\a'.repeat(100_000)}\\`)).toBeUndefined();
  });
});
