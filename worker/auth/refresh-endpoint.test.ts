import { describe, expect, it, vi } from 'vitest';
import { TokenRejectedError } from '../../src/contract/errors.js';
import { FakeClock } from '../testing/fake-clock.js';
import { FakeVaultStore } from '../testing/fake-vault-store.js';
import {
  refreshEndpoint,
  type RefreshEndpointDeps,
  type RefreshEndpointOptions,
  type RefreshTokenOptions,
} from './refresh-endpoint.js';
import type { LockManagerLike } from './refresh-lock.js';
import type { VaultPlace } from './sealed-tokens.js';
import { openVault, type TokenVault } from './vault.js';

const BASE = 'https://app.test/assets/worker.js';

/** Locks of one origin, shared by the workers of a test. */
class FakeLocks implements LockManagerLike {
  readonly names: string[] = [];
  held = 0;
  #tail: Promise<unknown> = Promise.resolve();

  request<T>(name: string, options: { signal: AbortSignal }, callback: () => Promise<T>): Promise<T> {
    this.names.push(name);
    const before = this.#tail;
    const run = new Promise<T>((resolve, reject) => {
      options.signal.addEventListener('abort', () => reject(options.signal.reason));
      void before.then(async () => {
        if (options.signal.aborted) return;
        this.held++;
        try {
          resolve(await callback());
        } catch (error) {
          reject(error);
        } finally {
          this.held--;
        }
      });
    });
    this.#tail = run.catch(() => undefined);
    return run;
  }

  /** A worker that never lets go. */
  block(): void {
    this.#tail = new Promise(() => undefined);
  }
}

function setUp(answer: () => Response | Promise<Response>, options?: RefreshEndpointOptions, locks?: LockManagerLike) {
  const clock = new FakeClock();
  const fetch = vi.fn<RefreshEndpointDeps['fetch']>(async (_, init) => {
    const aborted = new Promise<never>((_resolve, reject) => {
      init?.signal?.addEventListener('abort', () =>
        reject(new DOMException('https://app.test/auth/refresh?secret=1', 'AbortError')),
      );
    });
    return Promise.race([answer(), aborted]);
  });
  const source = refreshEndpoint('/auth/refresh', options, { fetch, locks, clock, baseUrl: BASE });
  return { clock, fetch, source, get: (signal = new AbortController().signal) => source.fetch(signal) };
}

const json = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status });

describe('the request', () => {
  it('is a POST to the resolved URL, with cookies for the same origin only', async () => {
    const { fetch, get } = setUp(() => json({ accessToken: 'a-token', expiresIn: 300 }));
    await expect(get()).resolves.toEqual({ token: 'a-token', expiresInSeconds: 300 });
    expect(fetch).toHaveBeenCalledTimes(1);
    const [url, init] = fetch.mock.calls[0] ?? [];
    expect(url).toBe('https://app.test/auth/refresh');
    expect(init).toMatchObject({ method: 'POST', credentials: 'same-origin', cache: 'no-store' });
  });

  it('carries what the options say', async () => {
    const { fetch, get } = setUp(() => json({ token: 'a-token' }), {
      method: 'PUT',
      headers: { 'X-CSRF': '1' },
      body: { client: 'web' },
      credentials: 'include',
    });
    await get();
    const init = fetch.mock.calls[0]?.[1];
    expect(init).toMatchObject({ method: 'PUT', credentials: 'include', body: '{"client":"web"}' });
    expect(Object.fromEntries(new Headers(init?.headers))).toEqual({
      accept: 'application/json',
      'content-type': 'application/json',
      'x-csrf': '1',
    });
  });

  it('ends at its limit, and leaves no timer', async () => {
    const { clock, get } = setUp(() => new Promise(() => undefined));
    const failed = expect(get()).rejects.toMatchObject({ code: 'token-timed-out', wire: { afterMs: 10_000 } });
    await clock.advanceBy(9_999);
    expect(clock.pending).toBe(1);
    await clock.advanceBy(1);
    await failed;
    expect(clock.pending).toBe(0);
  });

  it('ends when the caller gives up', async () => {
    const { clock, get } = setUp(() => new Promise(() => undefined));
    const abort = new AbortController();
    const reason = new Error('signed out');
    const failed = expect(get(abort.signal)).rejects.toBe(reason);
    await clock.settle();
    abort.abort(reason);
    await failed;
    expect(clock.pending).toBe(0);
  });
});

describe('the answer', () => {
  it.each<[string, unknown, object]>([
    [
      'accessToken and expiresIn',
      { accessToken: 'a-token', expiresIn: 1.5 },
      { token: 'a-token', expiresInSeconds: 1.5 },
    ],
    [
      'access_token and expires_in',
      { access_token: 'a-token', expires_in: 60 },
      { token: 'a-token', expiresInSeconds: 60 },
    ],
    ['a span in text', { token: 'a-token', expires_in: '60' }, { token: 'a-token', expiresInSeconds: 60 }],
    ['a token alone', { token: 'a-token' }, { token: 'a-token' }],
  ])('may have %s', async (_, body, fetched) => {
    await expect(setUp(() => json(body)).get()).resolves.toEqual(fetched);
  });

  it('may have a shape of its own, read outside the lock', async () => {
    const locks = new FakeLocks();
    const parse = vi.fn((answer: unknown) => {
      expect(locks.held).toBe(0);
      return { token: (answer as { jwt: string }).jwt };
    });
    await expect(setUp(() => json({ jwt: 'a-token' }), { parse }, locks).get()).resolves.toEqual({ token: 'a-token' });
    expect(parse).toHaveBeenCalledTimes(1);
  });

  it.each<[string, () => Response, RegExp]>([
    ['HTML', () => new Response('<!doctype html>secret-value'), /HTML: probably a sign-in or error page/],
    ['an empty body', () => new Response(''), /nothing/],
    ['no token', () => json({ other: 'secret-value' }), /no token in the answer/],
    ['JSON null', () => json(null), /no token in the answer/],
    ['a server error', () => json({ why: 'secret-value' }, 503), /status 503/],
    ['too many requests', () => json({}, 429), /status 429/],
    ['a missing endpoint', () => json({}, 404), /no token endpoint.*Check the URL/],
    ['another bad request', () => json({ error: 'invalid_request' }, 400), /status 400/],
  ])('is retryable with advice for %s', async (_, answer, message) => {
    const error = await setUp(answer)
      .get()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'token-unavailable', message: expect.stringMatching(message) });
    expect((error as Error).message).not.toContain('secret');
  });

  it.each([
    [401, {}],
    [403, {}],
    [400, { error: 'invalid_grant' }],
  ])('ends the sign-in with status %d', async (status, body) => {
    await expect(setUp(() => json(body, status)).get()).rejects.toMatchObject({
      code: 'token-rejected',
      wire: { httpStatus: status },
    });
  });

  it('that never came is retryable, and the platform error with its URL is left out', async () => {
    const error = await setUp(() => Promise.reject(new TypeError('fetch https://app.test/auth/refresh?x=1 failed')))
      .get()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'token-unavailable' });
    expect((error as Error).message).not.toContain('?');
    expect((error as Error).cause).toBeUndefined();
  });

  it('with a throwing parse function does not pass on what it threw', async () => {
    const parse = (): never => {
      throw new Error('secret-value');
    };
    const error = await setUp(() => json({}), { parse })
      .get()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'token-unavailable' });
    expect((error as Error).message).not.toContain('secret');
  });
});

describe('the lock between two builds', () => {
  it('lets the second request start when the first has its answer', async () => {
    const locks = new FakeLocks();
    const answers: ((response: Response) => void)[] = [];
    const answer = (): Promise<Response> => new Promise((resolve) => answers.push(resolve));
    const one = setUp(answer, {}, locks);
    const two = setUp(answer, {}, locks);
    const both = Promise.all([one.get(), two.get()]);
    await one.clock.settle();

    expect(answers).toHaveLength(1);
    answers[0]?.(json({ token: 'first' }));
    await one.clock.settle();
    expect(answers).toHaveLength(2);
    answers[1]?.(json({ token: 'second' }));
    await expect(both).resolves.toEqual([{ token: 'first' }, { token: 'second' }]);
    expect(locks.names).toEqual(Array(2).fill('hubshare:refresh:https://app.test/auth/refresh'));
    expect(one.clock.pending + two.clock.pending).toBe(0);
  });

  it('is waited for twice as long as a request may take, then the holder counts as frozen', async () => {
    const locks = new FakeLocks();
    locks.block();
    const { clock, fetch, get } = setUp(() => json({ token: 'a-token' }), {}, locks);
    const got = get();
    await clock.advanceBy(19_999);
    expect(fetch).not.toHaveBeenCalled();
    await clock.advanceBy(1);
    await expect(got).resolves.toEqual({ token: 'a-token' });
    expect(clock.pending).toBe(0);
  });

  it('is not waited for by a caller that gave up', async () => {
    const locks = new FakeLocks();
    locks.block();
    const { clock, fetch, get } = setUp(() => json({ token: 'a-token' }), {}, locks);
    const abort = new AbortController();
    const failed = expect(get(abort.signal)).rejects.toThrow('gone');
    abort.abort(new Error('gone'));
    await failed;
    expect(fetch).not.toHaveBeenCalled();
    expect(clock.pending).toBe(0);
  });

  it('is done without where locks are refused', async () => {
    const locks: LockManagerLike = { request: () => Promise.reject(new DOMException('denied', 'SecurityError')) };
    await expect(setUp(() => json({ token: 'a-token' }), {}, locks).get()).resolves.toEqual({ token: 'a-token' });
  });

  it('passes on the failure of the request, without a second try', async () => {
    const { fetch, get } = setUp(() => json({}, 503), {}, new FakeLocks());
    await expect(get()).rejects.toMatchObject({ code: 'token-unavailable' });
    expect(fetch).toHaveBeenCalledTimes(1);
  });
});

it.each([
  ['a token in the query', '/auth/refresh?refresh_token=hush-value', 'url'],
  ['a JWT under any name', '/auth/refresh?x=eyJhbGciOi', 'url'],
  ['a password in the URL', 'https://ann:hush-value@app.test/', 'url'],
  ['another scheme', 'blob:https://app.test/hush-value', 'url'],
  ['no URL at all', 'https://', 'url'],
])('refuses %s at once', (_, url, option) => {
  const deps = { fetch, locks: undefined, clock: new FakeClock(), baseUrl: BASE };
  let error: unknown;
  try {
    refreshEndpoint(url, {}, deps);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: 'option-invalid', wire: { option } });
  expect((error as Error).message).not.toMatch(/hush|eyJh/);
});

it('refuses a limit that is no span of time', () => {
  expect(() => refreshEndpoint('https://app.test/r', { timeoutMs: 0 })).toThrow(
    expect.objectContaining({ code: 'option-invalid' }),
  );
});

describe('a refresh token in the answer', () => {
  const refreshToken = {
    body: (token: string | null) => (token === null ? { code: 'first' } : { refreshToken: token }),
  };

  it('is sent with the next request, and never given out', async () => {
    let n = 0;
    const { fetch, get } = setUp(() => json({ token: 'a-token', refreshToken: `hush-${(n += 1)}` }), { refreshToken });
    for (let i = 0; i < 3; i += 1) await expect(get()).resolves.toEqual({ token: 'a-token' });
    expect(fetch.mock.calls.map(([, init]) => init?.body)).toEqual([
      '{"code":"first"}',
      '{"refreshToken":"hush-1"}',
      '{"refreshToken":"hush-2"}',
    ]);
    expect(new Headers(fetch.mock.calls[1]?.[1]?.headers).get('Content-Type')).toBe('application/json');
  });

  it('may stand where the app says', async () => {
    const read = (answer: unknown) => (answer as { next: { secret: string } }).next.secret;
    const { fetch, get } = setUp(() => json({ token: 'a-token', next: { secret: 'hush-1' } }), {
      refreshToken: { ...refreshToken, read },
    });
    await get();
    await get();
    expect(fetch.mock.calls[1]?.[1]?.body).toBe('{"refreshToken":"hush-1"}');
  });

  it('that is missing ends the sign-in without a request, if the app has nothing else to send', async () => {
    const body = (token: string | null) => (token === null ? undefined : { refreshToken: token });
    const { fetch, get } = setUp(() => json({}), { refreshToken: { body } });
    await expect(get()).rejects.toBeInstanceOf(TokenRejectedError);
    expect(fetch).not.toHaveBeenCalled();
  });

  it('is forgotten at sign-out', async () => {
    const { fetch, get, source } = setUp(() => json({ token: 'a-token', refreshToken: 'hush-1' }), { refreshToken });
    await get();
    await source.forget?.();
    await get();
    expect(fetch.mock.calls.map(([, init]) => init?.body)).toEqual(['{"code":"first"}', '{"code":"first"}']);
  });

  it.each<[string, Partial<RefreshTokenOptions>]>([
    [
      'body',
      {
        body: () => {
          throw new Error('hush-1');
        },
      },
    ],
    [
      'read',
      {
        read: () => {
          throw new Error('hush-1');
        },
      },
    ],
  ])('whose %s function throws is not passed on', async (name, more) => {
    const { get } = setUp(() => json({ token: 'a-token' }), { refreshToken: { ...refreshToken, ...more } });
    const error = await get().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'token-unavailable',
      message: expect.stringContaining(`refreshToken.${name}`),
    });
    expect((error as Error).message).not.toContain('hush');
  });
});

describe('with a vault', () => {
  /** Two builds of an app: workers of one origin, with one vault and one lock. */
  function twoWorkers(answer: () => Response | Promise<Response>) {
    const store = new FakeVaultStore();
    const locks = new FakeLocks();
    const opened: VaultPlace[] = [];
    const vault: TokenVault = {
      open(place, deps) {
        opened.push(place);
        return openVault(place, deps, store);
      },
    };
    const workers = [setUp(answer, { vault }, locks), setUp(answer, { vault }, locks)] as const;
    return { store, locks, opened, workers };
  }

  it('two workers that ask at the same time make one request', async () => {
    let n = 0;
    const { opened, workers } = twoWorkers(() => json({ token: `token-${(n += 1)}`, expiresIn: 100 }));
    const [one, two] = workers;
    await expect(Promise.all([one.get(), two.get()])).resolves.toEqual([
      { token: 'token-1', expiresInSeconds: 100 },
      { token: 'token-1', expiresInSeconds: 100 },
    ]);
    expect(n).toBe(1);
    expect(opened).toEqual(Array(2).fill({ origin: 'https://app.test', endpoint: 'https://app.test/auth/refresh' }));
    expect(one.clock.pending + two.clock.pending).toBe(0);
  });

  it('the lock is held until the token is stored', async () => {
    const { store, locks, workers } = twoWorkers(() => json({ token: 'token-1', expiresIn: 100 }));
    const [{ get }] = workers;
    const update = store.update.bind(store);
    const heldAt: number[] = [];
    store.update = (name, change) => {
      heldAt.push(locks.held);
      return update(name, change);
    };
    await get();
    expect(heldAt).toEqual([1, 1]);
    expect(locks.held).toBe(0);
  });

  it('tells what is not kept, without secrets', async () => {
    const { store, workers } = twoWorkers(() => json({ token: 'token-1', expiresIn: 100 }));
    const [{ source, get }] = workers;
    const notes: string[] = [];
    source.onNote?.((text) => notes.push(text));
    store.refusal = new DOMException('token-1', 'SecurityError');
    await expect(get()).resolves.toMatchObject({ token: 'token-1' });
    expect(notes).toEqual([expect.stringMatching(/memory only.*SecurityError/)]);
    expect(notes.join()).not.toContain('token-1');
  });
});

it('names its address, so that no tab is sent there with the token', () => {
  expect(setUp(() => json({})).source.url).toBe('https://app.test/auth/refresh');
});
