import { describe, expect, it } from 'vitest';
import { createSanitizer, fingerprint } from './sanitizer.js';

const HEADER = 'eyJhbGciOiJIUzI1NiJ9';
const PAYLOAD = 'eyJzdWIiOiJhbm4ifQ';
const SIGNATURE = 'c2lnbmF0dXJlLW9mLWFubg';
const JWT = `${HEADER}.${PAYLOAD}.${SIGNATURE}`;

describe('without knowing any secret', () => {
  const { redact } = createSanitizer();

  it.each([
    ['a JWT in a sentence', `got ${JWT}!`, 'got [redacted]!'],
    ['the header of a JWT alone', `got ${HEADER}`, 'got [redacted]'],
    ['the payload of a JWT alone', `x${PAYLOAD}`, 'x[redacted]'],
    ['an opaque bearer header', 'Authorization: Bearer 8xLOxBtZp8, next', 'Authorization: Bearer [redacted], next'],
    ['an opaque subprotocol', "protocols 'signalr', 'bearer.8xLOxBtZp8'", "protocols 'signalr', 'bearer.[redacted]'"],
    ['a WebSocket URL', 'connected to wss://h/hub?id=abc&access_token=def.', 'connected to wss://h/hub?[redacted]'],
    ['any query of a URL', 'GET https://h/p?sig=abc failed', 'GET https://h/p?[redacted] failed'],
    ['a user name and password in a URL', 'GET https://ann:pw@h/p', 'GET https://[redacted]@h/p'],
    [
      'token parameters of a relative URL',
      '/hub?id=abc&x=1&access_token=de',
      '/hub?id=[redacted]&x=1&access_token=[redacted]',
    ],
    [
      'further parameters',
      'token=a1 auth=b2 refresh_token=c3',
      'token=[redacted] auth=[redacted] refresh_token=[redacted]',
    ],
    [
      'an encoded parameter',
      '/sign-in?to=%2Fhub%3Faccess_token%3Dabc',
      '/sign-in?to=%2Fhub%3Faccess_token%3D[redacted]',
    ],
    ['a JSON body', '{"accessToken":"a\\"b","user":"ann"}', '{"accessToken":"[redacted]","user":"ann"}'],
  ])('redacts %s', (_, text, clean) => {
    expect(redact(text)).toBe(clean);
    // A text that passes twice (error, then log) stays as it is.
    expect(redact(clean)).toBe(clean);
  });

  it.each([
    'Connection disconnected.',
    'grid=5 valid=true width=3',
    'https://h/hubs/ops',
    "Selecting transport 'WebSockets'.",
  ])('leaves alone: %s', (text) => {
    expect(redact(text)).toBe(text);
  });

  it('takes linear time on hostile text', () => {
    for (const text of [
      '-a'.repeat(50_000),
      'eyJ.'.repeat(50_000),
      'https://'.repeat(20_000),
      `"${'token"'.repeat(20_000)}`,
    ]) {
      expect(typeof redact(text)).toBe('string');
    }
  });
});

describe('a watched secret', () => {
  it('is redacted as a whole and in each of its parts', () => {
    const sanitizer = createSanitizer();
    sanitizer.watch(JWT);
    for (const part of [JWT, HEADER, PAYLOAD, SIGNATURE]) {
      expect(sanitizer.redact(`before ${part} after`)).toBe('before [redacted] after');
    }
  });

  it('is redacted in its URL-encoded form', () => {
    const sanitizer = createSanitizer();
    sanitizer.watch('opaque/token+value==');
    expect(sanitizer.redact(`to ${encodeURIComponent('opaque/token+value==')}`)).toBe('to [redacted]');
  });

  it('of less than 8 characters is not looked for: it would blank ordinary words', () => {
    const sanitizer = createSanitizer();
    sanitizer.watch('connect');
    expect(sanitizer.redact('connection')).toBe('connection');
  });

  it('is let go by forget', () => {
    const sanitizer = createSanitizer();
    sanitizer.watch('opaque-secret');
    sanitizer.forget('opaque-secret');
    expect(sanitizer.redact('opaque-secret')).toBe('opaque-secret');
  });

  it('falls out when 64 newer ones have come, so that memory is bounded', () => {
    const sanitizer = createSanitizer();
    sanitizer.watch('oldest-secret');
    sanitizer.watch('renewed-secret');
    for (let n = 0; n < 62; n++) sanitizer.watch(`opaque-secret-number-${n}`);
    sanitizer.watch('renewed-secret');
    expect(sanitizer.redact('oldest-secret')).toBe('[redacted]');
    sanitizer.watch('one-more-secret');
    expect(sanitizer.redact('oldest-secret')).toBe('oldest-secret');
    expect(sanitizer.redact('renewed-secret')).toBe('[redacted]');
  });
});

describe('a secret that is held', () => {
  const flood = (sanitizer: ReturnType<typeof createSanitizer>): void => {
    for (let n = 0; n < 1_000; n++) sanitizer.watch(`connection-token-${n}`);
  };

  it('is never pushed out by newer ones (SEC-3)', () => {
    const sanitizer = createSanitizer();
    sanitizer.watch('access-token-in-hand');
    sanitizer.hold('access-token-in-hand');
    flood(sanitizer);
    expect(sanitizer.redact('with access-token-in-hand')).toBe('with [redacted]');
    sanitizer.forget('access-token-in-hand');
    expect(sanitizer.redact('with access-token-in-hand')).toBe('with [redacted]');
  });

  it('is watched like any other when it is let go, and then falls out', () => {
    const sanitizer = createSanitizer();
    const release = sanitizer.hold('access-token-before');
    flood(sanitizer);
    release();
    expect(sanitizer.redact('access-token-before')).toBe('[redacted]');
    flood(sanitizer);
    expect(sanitizer.redact('access-token-before')).toBe('access-token-before');
  });

  it('stays until all who hold it have let it go, each once', () => {
    const sanitizer = createSanitizer();
    const first = sanitizer.hold('token-of-two-hubs');
    const second = sanitizer.hold('token-of-two-hubs');
    first();
    first();
    flood(sanitizer);
    expect(sanitizer.redact('token-of-two-hubs')).toBe('[redacted]');
    second();
    flood(sanitizer);
    expect(sanitizer.redact('token-of-two-hubs')).toBe('token-of-two-hubs');
  });

  it('of less than 8 characters is not looked for', () => {
    const sanitizer = createSanitizer();
    sanitizer.hold('connect')();
    expect(sanitizer.redact('connection')).toBe('connection');
  });
});

it('fingerprints a token by the first 8 hex digits of its SHA-256', async () => {
  expect(await fingerprint('abc')).toBe('ba7816bf');
});
