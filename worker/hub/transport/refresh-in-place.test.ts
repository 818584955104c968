import { expect, it, vi } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.js';
import { refreshInPlace, refreshUrl } from './refresh-in-place.js';

function setUp(answer: () => Response | Promise<Response>) {
  const clock = new FakeClock();
  const fetch = vi.fn(
    (_input: unknown, init?: RequestInit): Promise<Response> =>
      new Promise((resolve, reject) => {
        init?.signal?.addEventListener('abort', () =>
          reject(new DOMException('https://h.test/?id=connection-secret', 'AbortError')),
        );
        (async () => answer())().then(resolve, reject);
      }),
  );
  const refresh = (signal?: AbortSignal) =>
    refreshInPlace({
      hubUrl: 'https://h.test/hubs/ops',
      connectionToken: 'connection-secret',
      token: 'token-2',
      clock,
      fetch,
      ...(signal === undefined ? {} : { signal }),
    });
  return { clock, fetch, refresh };
}

const json = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status });

it.each([
  ['https://h.test/hubs/ops', 'https://h.test/hubs/ops/refresh?id=a%2Bb'],
  ['https://h.test/hubs/ops/', 'https://h.test/hubs/ops/refresh?id=a%2Bb'],
  ['https://h.test/hubs/ops?tenant=1#x', 'https://h.test/hubs/ops/refresh?tenant=1&id=a%2Bb'],
])('builds the URL from %s', (hubUrl, expected) => {
  expect(refreshUrl(hubUrl, 'a+b').href).toBe(expected);
});

it('sends the new token in the header', async () => {
  const { clock, fetch, refresh } = setUp(() => json({ tokenLifetimeSeconds: 60 }));
  await expect(refresh()).resolves.toEqual({ kind: 'refreshed', tokenLifetimeSeconds: 60, transportToken: null });
  const [url, init] = fetch.mock.calls[0] ?? [];
  expect(String(url)).toBe('https://h.test/hubs/ops/refresh?id=connection-secret');
  expect(init).toMatchObject({ method: 'POST', credentials: 'include' });
  expect(new Headers(init?.headers).get('authorization')).toBe('Bearer token-2');
  expect(clock.pending).toBe(0);
});

it.each<[string, () => Response, object]>([
  [
    'a new transport token',
    () => json({ accessToken: 'service-token' }),
    { kind: 'refreshed', transportToken: 'service-token' },
  ],
  ['success without a body', () => new Response(''), { kind: 'refreshed', tokenLifetimeSeconds: null }],
  ['a connection that is gone', () => json({ error: 'connection_not_found' }, 404), { kind: 'connection-gone' }],
  ['a route that does not exist', () => new Response('', { status: 404 }), { kind: 'unsupported' }],
  ['a method that is not allowed', () => new Response('', { status: 405 }), { kind: 'unsupported' }],
  ['a token that is not valid', () => json({ error: 'invalid_token' }, 401), { kind: 'rejected', httpStatus: 401 }],
  ['another user', () => json({ error: 'forbidden' }, 403), { kind: 'rejected', httpStatus: 403 }],
  ['too many requests', () => new Response('', { status: 429 }), { kind: 'failed' }],
  ['a server error', () => new Response('', { status: 502 }), { kind: 'failed' }],
])('tells %s apart', async (_, answer, result) => {
  await expect(setUp(answer).refresh()).resolves.toMatchObject(result);
});

it('ends at its limit, and says so without the URL', async () => {
  const { clock, refresh } = setUp(() => new Promise(() => undefined));
  const result = refresh();
  await clock.advanceBy(9_999);
  expect(clock.pending).toBe(1);
  await clock.advanceBy(1);
  const outcome = await result;
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'hub-unreachable' } });
  expect(JSON.stringify(outcome)).not.toContain('connection-secret');
  expect(clock.pending).toBe(0);
});

it('ends with the run that it belongs to', async () => {
  const { clock, refresh } = setUp(() => new Promise(() => undefined));
  const run = new AbortController();
  const result = refresh(run.signal);
  run.abort();
  await expect(result).resolves.toMatchObject({ kind: 'failed' });
  expect(clock.pending).toBe(0);
});
