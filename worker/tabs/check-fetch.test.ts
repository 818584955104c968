import { expect, it } from 'vitest';
import { requestFor } from '../testing/fetch-request.js';
import { checkFetch, checkRequestId } from './check-fetch.js';

const full = requestFor({
  method: 'PATCH',
  headers: [['X-A', 'ä']],
  body: new ArrayBuffer(3),
  referrerPolicy: 'no-referrer',
});

it('takes what the client sends', () => {
  expect(checkFetch(full)).toEqual(full);
  expect(checkFetch({ ...full, body: null }).body).toBeNull();
});

it('takes nothing over that is not in the contract', () => {
  expect(checkFetch({ ...full, redirect: 'follow', window: null })).toEqual(full);
});

it.each<[string, unknown]>([
  ['no object', 'https://app.test'],
  ['a list', [full]],
  ['no hub', { ...full, hub: undefined }],
  ['no id', { ...full, requestId: '' }],
  ['a long id', { ...full, requestId: 'x'.repeat(101) }],
  ['a relative URL', { ...full, url: '/api' }],
  ['a URL of another scheme', { ...full, url: 'file:///etc/passwd' }],
  ['a URL that is an object', { ...full, url: new URL('https://app.test') }],
  ['a URL without end', { ...full, url: `https://app.test/${'x'.repeat(20_000)}` }],
  ['a method of two lines', { ...full, method: 'GET\r\nX: 1' }],
  ['no method', { ...full, method: '' }],
  ['headers that are an object', { ...full, headers: { 'X-A': 'a' } }],
  ['a header of one part', { ...full, headers: [['X-A']] }],
  ['a header of three parts', { ...full, headers: [['X-A', 'a', 'b']] }],
  ['a header that is a text of two letters', { ...full, headers: ['ab'] }],
  ['a header that smuggles a line', { ...full, headers: [['X-A', 'a\r\nAuthorization: x']] }],
  ['a header whose name is none', { ...full, headers: [['X A', 'a']] }],
  ['a header whose value is a number', { ...full, headers: [['X-A', 1]] }],
  ['too many headers', { ...full, headers: Array(201).fill(['X-A', 'a']) }],
  ['a body that is a text', { ...full, body: 'text' }],
  ['a body that is a view', { ...full, body: new Uint8Array(1) }],
  ['a cache that there is not', { ...full, cache: 'all' }],
  ['credentials that there are not', { ...full, credentials: true }],
  ['a mode without CORS', { ...full, mode: 'no-cors' }],
  ['a mode of navigation', { ...full, mode: 'navigate' }],
  ['an integrity that is none', { ...full, integrity: null }],
  ['a keepalive that is a number', { ...full, keepalive: 1 }],
  ['a referrer policy that there is not', { ...full, referrerPolicy: 'all' }],
])('refuses %s', (_, message) => {
  expect(() => checkFetch(message)).toThrow(expect.objectContaining({ code: 'message-invalid' }));
});

it('refuses an id that is no text', () => {
  expect(() => checkRequestId(5)).toThrow(expect.objectContaining({ code: 'message-invalid' }));
});
