import { describe, expect, it } from 'vitest';
import type { HubshareError } from '../../src/contract/errors.js';
import { requestFor } from '../testing/fetch-request.js';
import { checkTarget } from './fetch-target.js';

const rules = {
  origins: new Set(['https://app.test', 'https://api.test:8443']),
  closed: () => ['https://app.test/hubs/ops?shard=1', 'https://app.test/auth/refresh', 'https://other.test/'],
};

function refusal(more: Parameters<typeof requestFor>[0]): HubshareError {
  try {
    checkTarget(requestFor(more), rules);
  } catch (error) {
    return error as HubshareError;
  }
  throw new Error('it was not refused');
}

describe('the token goes to', () => {
  it.each([
    ['the origin of the worker', 'https://app.test/api/incidents?page=2'],
    ['an origin that the app has named', 'https://api.test:8443/'],
    ['a path that only starts like a hub', 'https://app.test/hubs/ops-archive'],
    ['a path above a hub', 'https://app.test/hubs'],
    ['a path of a hub at another origin', 'https://api.test:8443/hubs/ops'],
    ['a parameter that only looks like a path', 'https://app.test/api?next=/auth/refresh'],
  ])('%s', (_, url) => {
    expect(checkTarget(requestFor({ url }), rules).href).toBe(url);
  });

  it('an address without its fragment', () => {
    expect(checkTarget(requestFor({ url: 'https://app.test/api#hush' }), rules).href).toBe('https://app.test/api');
  });
});

describe('SEC-1: the token does not go to', () => {
  it.each([
    ['another origin', 'https://evil.test/api'],
    ['an origin that has an allowed one as its user', 'https://app.test@evil.test/'],
    ['an origin that starts like an allowed one', 'https://app.test.evil.test/'],
    ['another port', 'https://app.test:444/api'],
    ['another scheme', 'http://app.test/api'],
    ['an address with a password', 'https://ann:hush-value@app.test/api'],
    ['an address with a token in its query', 'https://app.test/api?access_token=hush-value'],
    ['an address with a JWT in its query', 'https://app.test/api?x=eyJhbGciOi'],
    ['a hub', 'https://app.test/hubs/ops?id=1'],
    ['the negotiate of a hub', 'https://app.test/hubs/ops/negotiate?negotiateVersion=1'],
    ['the refresh of a hub', 'https://app.test/hubs/ops/refresh'],
    ['the negotiate of a hub that is not known', 'https://app.test/elsewhere/Negotiate'],
    ['the token endpoint', 'https://app.test/auth/refresh'],
    ['the token endpoint with a query', 'https://app.test/auth/refresh?x=1'],
    ['the token endpoint in other letters', 'https://app.test/Auth/REFRESH'],
    ['the token endpoint with a slash', 'https://app.test/auth/refresh/'],
    ['the token endpoint with doubled slashes', 'https://app.test//auth//refresh'],
    ['the token endpoint, encoded', 'https://app.test/auth/%72efresh'],
    ['the token endpoint with an encoded slash', 'https://app.test/auth%2Frefresh'],
    ['the token endpoint by way of dots', 'https://app.test/api/../auth/refresh'],
    ['the token endpoint by way of encoded dots', 'https://app.test/api/%2e%2e%2fauth/refresh'],
    ['the token endpoint with a parameter of its path', 'https://app.test/auth/refresh;x=1'],
  ])('%s', (_, url) => {
    const error = refusal({ url });
    expect(error).toMatchObject({ code: 'fetch-refused', wire: { origin: new URL(url).origin } });
    expect(error.message).not.toMatch(/hush|eyJ|\?id|x=1/);
  });

  it.each(['CONNECT', 'trace', 'Track'])('%s requests', (method) => {
    expect(refusal({ method }).code).toBe('fetch-refused');
  });

  it('a request that has its own Authorization, whose value is not repeated', () => {
    const error = refusal({ headers: [['authorization', 'Bearer hush-value']] });
    expect(error).toMatchObject({ code: 'fetch-refused', message: expect.stringMatching(/Authorization header/) });
    expect(error.message).not.toContain('hush');
  });
});

it('says how to allow another origin', () => {
  expect(refusal({ url: 'https://api.test/' }).message).toMatch(
    /https:\/\/app\.test, https:\/\/api\.test:8443 only.*fetchOrigins/,
  );
});
