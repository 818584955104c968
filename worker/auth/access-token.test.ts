import { describe, expect, it } from 'vitest';
import { readAccessToken, type Arrival } from './access-token.js';

const NOW_MS = 1_800_000_000_000;
const NOW_S = NOW_MS / 1_000;

function jwt(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256' })}.${part(claims)}.c2lnbmF0dXJl`;
}

const read = (token: unknown, more: Partial<Arrival> = {}) => readAccessToken(token, { receivedAtMs: NOW_MS, ...more });

describe('the expiry', () => {
  it('is what the JWT says', () => {
    expect(read(jwt({ exp: NOW_S + 300, iat: NOW_S - 5 }))).toMatchObject({
      expiresAtMs: NOW_MS + 300_000,
      issuedAtMs: NOW_MS - 5_000,
      receivedAtMs: NOW_MS,
      lifeMs: 305_000,
      ageMs: 5_000,
      claimedExpiryMs: NOW_MS + 300_000,
    });
  });

  it('is counted from the arrival if the issuer gave a span', () => {
    expect(read(jwt({ exp: NOW_S + 900, iat: NOW_S - 100 }), { expiresInSeconds: 300 })).toMatchObject({
      expiresAtMs: NOW_MS + 300_000,
      issuedAtMs: NOW_MS,
      lifeMs: 300_000,
    });
  });

  it('is unknown for a token without iat that looks expired on arrival: the hub decides', () => {
    expect(read(jwt({ exp: NOW_S })).expiresAtMs).toBeNull();
    expect(read(jwt({ exp: NOW_S + 1 }))).toMatchObject({ expiresAtMs: NOW_MS + 1_000, lifeMs: null });
  });

  it.each([
    ['an opaque token', '8xLOxBtZp8'],
    ['a JWT without exp', jwt({ sub: 'ann' })],
    ['an exp that is no number', jwt({ exp: 'soon' })],
    ['three parts that are no JWT', 'one.two.three'],
    ['a payload that is no object', `a.${Buffer.from('[1]').toString('base64url')}.b`],
    ['an encrypted JWT', 'a.b.c.d.e'],
  ])('is unknown for %s', (_, token) => {
    expect(read(token)).toMatchObject({ token, expiresAtMs: null, lifeMs: null });
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('ignores a span of %d s', (seconds) => {
    expect(read('opaque', { expiresInSeconds: seconds }).expiresAtMs).toBeNull();
  });
});

/** A token of 300 s that has just been issued by a clock that differs from ours. */
const fresh = (issuerAheadSeconds: number): string =>
  jwt({ iat: NOW_S + issuerAheadSeconds, exp: NOW_S + issuerAheadSeconds + 300 });

describe('clocks that differ (SEC-2)', () => {
  it.each([300, 60, 1, 0, -60, -299, -300])('by %d s do not change the life of a token that is fresh', (seconds) => {
    // The second token, where the first has shown the same age.
    expect(read(fresh(seconds), { lastAgeMs: -seconds * 1_000 })).toMatchObject({
      expiresAtMs: NOW_MS + 300_000,
      issuedAtMs: NOW_MS,
    });
  });

  it.each([300, 60, 0, -300, -600])('by %d s leave the first token its life, or less of it, never more', (seconds) => {
    const { expiresAtMs } = read(fresh(seconds));
    expect(expiresAtMs).toBeGreaterThan(NOW_MS);
    expect(expiresAtMs).toBeLessThanOrEqual(NOW_MS + 300_000);
  });

  it('by days, with our clock behind, change nothing either: no token comes from the future', () => {
    expect(read(fresh(3 * 86_400))).toMatchObject({ expiresAtMs: NOW_MS + 300_000, issuedAtMs: NOW_MS });
  });

  it('by more than clocks reasonably do, with ours ahead, leave it to the hub', () => {
    expect(read(fresh(-86_400)).expiresAtMs).toBeNull();
  });

  it('are not taken for the age of a token that has waited in a cache', () => {
    const cached = jwt({ iat: NOW_S - 240, exp: NOW_S + 60 });
    expect(read(cached).expiresAtMs).toBe(NOW_MS + 60_000);
    expect(read(cached, { lastAgeMs: 0 }).expiresAtMs).toBe(NOW_MS + 60_000);
    // Also where the issuer is ahead by 60 s: the last token has shown that.
    const aheadAndCached = jwt({ iat: NOW_S - 180, exp: NOW_S + 120 });
    expect(read(aheadAndCached, { lastAgeMs: -60_000 }).expiresAtMs).toBe(NOW_MS + 60_000);
  });
});

describe('an iat that is of no use', () => {
  it.each([
    ['ages ago', jwt({ iat: 1, exp: NOW_S + 300 })],
    ['after exp', jwt({ iat: NOW_S + 400, exp: NOW_S + 300 })],
    ['no number', jwt({ iat: 'now', exp: NOW_S + 300 })],
    ['left away', jwt({ exp: NOW_S + 300 })],
  ])('(%s) leaves exp by our clock', (_, token) => {
    expect(read(token).expiresAtMs).toBe(NOW_MS + 300_000);
    expect(read(token, { lastAgeMs: 0 }).expiresAtMs).toBe(NOW_MS + 300_000);
  });

  it('may be replaced by nbf', () => {
    expect(read(jwt({ nbf: NOW_S + 60, exp: NOW_S + 360 })).expiresAtMs).toBe(NOW_MS + 300_000);
  });
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
    read(token);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: 'token-unavailable' });
  expect((error as Error).message).not.toContain('secret');
});
