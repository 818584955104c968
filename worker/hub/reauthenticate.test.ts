import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import { announcedExpiryMs, announcedWay, reauthenticate, type ReauthDeps } from './reauthenticate.js';

const TOKEN = 'next-token-of-the-user';
const negotiated = {
  connectionToken: 'connection-secret',
  tokenLifetimeSeconds: 300,
  statefulReconnect: false,
};

function setUp(more: Partial<ReauthDeps> = {}) {
  const deps = {
    hubUrl: 'https://h.test/hubs/ops',
    headers: {},
    withCredentials: true,
    clock: new FakeClock(),
    negotiated: null,
    announced: null,
    survivesCut: false,
    invoke: vi.fn(() => Promise.resolve()),
    send: vi.fn(() => Promise.resolve()),
    onTransportToken: vi.fn(),
    ...more,
  } satisfies ReauthDeps;
  return deps;
}

function endpointAnswers(status: number, body: unknown = {}) {
  const fetch = vi.fn<typeof globalThis.fetch>(() => Promise.resolve(new Response(JSON.stringify(body), { status })));
  vi.stubGlobal('fetch', fetch);
  return fetch;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('the first way that the hub offers', () => {
  it('is its endpoint where negotiate announced a lifetime', async () => {
    const fetch = endpointAnswers(200);
    const deps = setUp({ negotiated, announced: 'call' });
    await expect(reauthenticate(TOKEN, deps)).resolves.toBe('endpoint');
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(deps.invoke).not.toHaveBeenCalled();
    // The token rides in a header.
    const [url, init] = fetch.mock.calls[0] ?? [];
    expect(JSON.stringify(url)).not.toContain(TOKEN);
    expect(new Headers(init?.headers).get('authorization')).toBe(`Bearer ${TOKEN}`);
  });

  it('is the hub method where one was announced', async () => {
    const deps = setUp({ announced: 'call' });
    await expect(reauthenticate(TOKEN, deps)).resolves.toBe('call');
    expect(deps.invoke).toHaveBeenCalledWith('connection.reauth', TOKEN);
    expect(deps.send).not.toHaveBeenCalled();
  });

  it('is the cut where the hub cuts and the connection outlives it', async () => {
    const deps = setUp({ announced: 'cut', survivesCut: true });
    await expect(reauthenticate(TOKEN, deps)).resolves.toBe('cut');
    // The token reaches the hub with the next transport, never as an argument.
    expect(deps.send).toHaveBeenCalledWith('connection.cut');
    expect(deps.invoke).not.toHaveBeenCalled();
  });

  it('is never the cut where the connection would be lost by it', async () => {
    const deps = setUp({ announced: 'cut' });
    await expect(reauthenticate(TOKEN, deps)).resolves.toBe('none');
    expect(deps.send).not.toHaveBeenCalled();
  });

  it('is none where nothing was announced', async () => {
    const deps = setUp();
    await expect(reauthenticate(TOKEN, deps)).resolves.toBe('none');
    expect(deps.invoke).not.toHaveBeenCalled();
    expect(deps.send).not.toHaveBeenCalled();
  });

  it.each([
    ['without a connection token', { ...negotiated, connectionToken: null }],
    ['without a lifetime', { ...negotiated, tokenLifetimeSeconds: null }],
  ])('is not the endpoint %s', async (_, answer) => {
    const fetch = endpointAnswers(200);
    await expect(reauthenticate(TOKEN, setUp({ negotiated: answer, announced: 'call' }))).resolves.toBe('call');
    expect(fetch).not.toHaveBeenCalled();
  });
});

describe('a hub that says no', () => {
  it('at its endpoint is a rejected token', async () => {
    endpointAnswers(401, { error: 'invalid_token' });
    await expect(reauthenticate(TOKEN, setUp({ negotiated }))).rejects.toMatchObject({
      code: 'token-rejected',
      wire: { httpStatus: 401 },
    });
  });

  it('in band fails with what it said', async () => {
    const deps = setUp({
      announced: 'call',
      invoke: vi.fn(() => Promise.reject(new Error('HubException: another user'))),
    });
    await expect(reauthenticate(TOKEN, deps)).rejects.toThrow('HubException: another user');
  });
});

describe('connection.authorized', () => {
  it.each([
    [[{ reauth: 'call' }], 'call'],
    [[{ reauth: 'cut', userId: 'u' }], 'cut'],
    [[{ reauth: 'endpoint' }], null],
    [[{ reauth: true }], null],
    [[{}], null],
    [[null], null],
    [['call'], null],
    [[], null],
    [[[]], null],
  ])('%j announces %j', (args, way) => {
    expect(announcedWay(args)).toBe(way);
  });
});

describe('token.expiring', () => {
  it.each([
    [[{ expiresAt: 5_000 }], 5_000],
    [[{ expiresAt: '1970-01-01T00:00:05Z' }], 5_000],
    [[{ expiresAt: 'soon' }], null],
    [[{ expiresAt: Number.NaN }], null],
    [[{}], null],
    [[null], null],
    [[5_000], null],
    [[], null],
  ])('%j says %j', (args, atMs) => {
    expect(announcedExpiryMs(args)).toBe(atMs);
  });
});
