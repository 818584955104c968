import { describe, expect, it } from 'vitest';
import { isSameUser, readIdentity } from './identity.js';

const jwt = (claims: unknown): string => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;

describe('readIdentity', () => {
  it.each([
    ['sub with iss', jwt({ sub: 'ann', iss: 'https://id.test' }), { user: 'ann', issuer: 'https://id.test' }],
    ['sub alone', jwt({ sub: 'ann' }), { user: 'ann', issuer: null }],
    ['a name that is no ASCII', jwt({ sub: 'Ånn ✓' }), { user: 'Ånn ✓', issuer: null }],
    ['a number', jwt({ sub: 7 }), { user: '7', issuer: null }],
  ])('reads %s', (_, token, identity) => {
    expect(readIdentity(token)).toEqual(identity);
  });

  it('reads the claim that the app names', () => {
    expect(readIdentity(jwt({ sub: 'x', userId: 'ann' }), 'userId')).toEqual({ user: 'ann', issuer: null });
  });

  it.each([
    ['an opaque token', 'b0c8a7'],
    ['three parts that are no JWT', 'a.b.c'],
    ['five parts', 'a.b.c.d.e'],
    ['a JWT without the claim', jwt({ iss: 'https://id.test' })],
    ['an empty claim', jwt({ sub: '' })],
    ['a claim that is an object', jwt({ sub: { id: 1 } })],
    ['a payload that is no object', jwt(null)],
  ])('knows nobody in %s', (_, token) => {
    expect(readIdentity(token)).toBeNull();
  });
});

it.each([
  ['the same name', { user: 'ann', issuer: null }, { user: 'ann', issuer: 'a' }, true],
  ['the same name of two issuers', { user: 'ann', issuer: 'a' }, { user: 'ann', issuer: 'b' }, false],
  ['two names', { user: 'ann', issuer: 'a' }, { user: 'bob', issuer: 'a' }, false],
])('compares %s', (_, one, other, same) => {
  expect(isSameUser(one, other)).toBe(same);
});
