import { describe, expect, it } from 'vitest';
import { readAccessToken } from './access-token.js';

const NOW_MS = 1_800_000_000_000;
const NOW_S = NOW_MS / 1_000;

function jwt(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256' })}.${part(claims)}.c2lnbmF0dXJl`;
}

describe('the expiry', () => {
  it('is what the JWT says', () => {
    expect(readAccessToken(jwt({ exp: NOW_S + 300, iat: NOW_S - 5, sub: 'ann' }), NOW_MS)).toMatchObject({
      expiresAtMs: NOW_MS + 300_000,
      issuedAtMs: NOW_MS - 5_000,
      receivedAtMs: NOW_MS,
      subject: 'ann',
    });
  });

  it('is counted from the arrival if the issuer gave a span', () => {
    expect(readAccessToken(jwt({ exp: NOW_S + 900 }), NOW_MS, 300)).toMatchObject({
      expiresAtMs: NOW_MS + 300_000,
      issuedAtMs: NOW_MS,
    });
  });

  it('is shifted back by as much as the issuer is ahead', () => {
    expect(readAccessToken(jwt({ exp: NOW_S + 420, iat: NOW_S + 120 }), NOW_MS)).toMatchObject({
      expiresAtMs: NOW_MS + 300_000,
      issuedAtMs: NOW_MS,
    });
  });

  it('is unknown for a token that looks expired on arrival: the hub decides', () => {
    expect(readAccessToken(jwt({ exp: NOW_S }), NOW_MS).expiresAtMs).toBeNull();
    expect(readAccessToken(jwt({ exp: NOW_S + 1 }), NOW_MS).expiresAtMs).toBe(NOW_MS + 1_000);
  });

  it.each([
    ['an opaque token', '8xLOxBtZp8'],
    ['a JWT without exp', jwt({ sub: 'ann' })],
    ['an exp that is no number', jwt({ exp: 'soon' })],
    ['three parts that are no JWT', 'one.two.three'],
    ['a payload that is no object', `a.${Buffer.from('[1]').toString('base64url')}.b`],
    ['an encrypted JWT', 'a.b.c.d.e'],
  ])('is unknown for %s', (_, token) => {
    expect(readAccessToken(token, NOW_MS)).toMatchObject({ token, expiresAtMs: null });
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('ignores a span of %d s', (seconds) => {
    expect(readAccessToken('opaque', NOW_MS, seconds).expiresAtMs).toBeNull();
  });
});

it('reads a subject that is not ASCII', () => {
  expect(readAccessToken(jwt({ sub: 'Zoë' }), NOW_MS).subject).toBe('Zoë');
});

it.each<[string, unknown]>([
  ['null', null],
  ['undefined', undefined],
  ['an object', { token: 'secret-value' }],
  ['an empty string', ''],
  ['the word null', 'null'],
  ['the word undefined', 'undefined'],
  ['a scheme in front', 'Bearer secret-value'],
  ['a line break at the end', 'secret-value\n'],
  ['a space', 'secret value'],
  ['a control character', 'secret\u0000value'],
  ['a letter that a header cannot carry', 'secret-välue'],
])('refuses %s, with advice and without repeating it', (_, token) => {
  let error: unknown;
  try {
    readAccessToken(token, NOW_MS);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: 'token-unavailable' });
  expect((error as Error).message).not.toContain('secret');
});
