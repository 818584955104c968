import { describe, expect, it, vi } from 'vitest';
import { HubshareError, TokenRejectedError, wireError } from '../../src/contract/errors.js';
import { FakeClock } from '../testing/fake-clock.js';
import { FakeVaultStore } from '../testing/fake-vault-store.js';
import { createKeptTokens, memoryVault, type Grant } from './kept-tokens.js';
import { openVault } from './vault.js';

const PLACE = { origin: 'https://app.test', endpoint: 'https://app.test/auth/refresh' };

/** An issuer whose refresh tokens rotate: a spent one ends the session. */
class RotatingIssuer {
  issued = 0;
  reused = 0;
  lifeSeconds = 100;
  /** The one that is good; `null`: none has been given, and then none is asked for. */
  good: string | null = null;

  async grant(refreshToken: string | null): Promise<Grant> {
    if (refreshToken !== this.good) {
      this.reused += 1;
      throw rejected();
    }
    this.issued += 1;
    this.good = `refresh-${this.issued}`;
    return { fetched: { token: `access-${this.issued}`, expiresInSeconds: this.lifeSeconds }, refreshToken: this.good };
  }
}

const rejected = (): TokenRejectedError =>
  new TokenRejectedError(wireError('token-rejected', 'no', { httpStatus: 401 }));

function setUp() {
  const clock = new FakeClock(1_000_000);
  const store = new FakeVaultStore();
  const issuer = new RotatingIssuer();
  const request = vi.fn((refreshToken: string | null, _signal: AbortSignal) => issuer.grant(refreshToken));
  const worker = () => {
    const source = createKeptTokens({
      vault: openVault(PLACE, { clock, onNote: vi.fn() }, store),
      clock,
      request,
    });
    return { ...source, get: () => source.next(new AbortController().signal) };
  };
  return { clock, store, issuer, request, worker };
}

describe('a worker that starts', () => {
  it('takes the token that is kept, with what is left of its life, and asks for none', async () => {
    const { clock, issuer, worker } = setUp();
    await worker().get();
    await clock.advanceBy(30_000);
    await expect(worker().get()).resolves.toEqual({ token: 'access-1', expiresInSeconds: 70 });
    expect(issuer.issued).toBe(1);
  });

  it.each([
    ['with more than a quarter of its life left', 74_999, 1],
    ['with a quarter of its life left', 75_000, 2],
    ['that has expired', 100_000, 2],
  ])('asks for another one in place of one %s or not', async (_, afterMs, issued) => {
    const { clock, issuer, worker } = setUp();
    await worker().get();
    await clock.advanceBy(afterMs);
    await worker().get();
    expect(issuer.issued).toBe(issued);
  });

  it('asks in place of one whose end nobody knows', async () => {
    const { issuer, request, worker } = setUp();
    request.mockImplementation(async (refreshToken) => {
      const { fetched, ...more } = await issuer.grant(refreshToken);
      return { ...more, fetched: { token: fetched.token } };
    });
    await worker().get();
    await worker().get();
    expect(issuer.issued).toBe(2);
  });

  it('asks in place of one that was received in the future: the clock was set back', async () => {
    const { clock, issuer, worker } = setUp();
    await worker().get();
    clock.jumpBy(-1);
    await worker().get();
    expect(issuer.issued).toBe(2);
  });

  it('sends the refresh token that is kept', async () => {
    const { clock, issuer, request, worker } = setUp();
    await worker().get();
    await clock.advanceBy(100_000);
    await worker().get();
    expect(request.mock.calls.map(([refreshToken]) => refreshToken)).toEqual([null, 'refresh-1']);
    expect(issuer.reused).toBe(0);
  });

  it('keeps the refresh token that it sent when the issuer gives no other', async () => {
    const { request, worker } = setUp();
    request.mockResolvedValueOnce({ fetched: { token: 'access-1', expiresInSeconds: 1 }, refreshToken: 'for-ever' });
    request.mockResolvedValue({ fetched: { token: 'access-2', expiresInSeconds: 1 }, refreshToken: undefined });
    const source = worker();
    for (let n = 0; n < 3; n += 1) await source.get();
    expect(request.mock.calls.map(([refreshToken]) => refreshToken)).toEqual([null, 'for-ever', 'for-ever']);
  });

  it('gives no token of a user whom no page shows: it is wiped, with its refresh token', async () => {
    const { issuer, request, worker } = setUp();
    await worker().get();
    issuer.good = null;
    const next = worker();
    next.onStored((token) => token !== 'access-1');
    await expect(next.get()).resolves.toMatchObject({ token: 'access-2' });
    expect(request.mock.calls.map(([refreshToken]) => refreshToken)).toEqual([null, null]);
  });
});

describe('a worker that asks again', () => {
  it('wants another token than it was given', async () => {
    const { issuer, worker } = setUp();
    const source = worker();
    await source.get();
    await expect(source.get()).resolves.toMatchObject({ token: 'access-2' });
    expect(issuer.issued).toBe(2);
  });

  it('takes the newer one that another worker has brought meanwhile', async () => {
    const { issuer, worker } = setUp();
    const [one, two] = [worker(), worker()];
    await one.get();
    await two.get();
    await two.get();
    await expect(one.get()).resolves.toMatchObject({ token: 'access-2' });
    expect(issuer.issued).toBe(2);
  });

  it('takes no older one', async () => {
    const { clock, store, worker, issuer } = setUp();
    const one = worker();
    await one.get();
    const before = new Map(store.records);
    await clock.advanceBy(1);
    await one.get();
    // As if another worker had written late.
    for (const [name, record] of before) store.records.set(name, record);
    issuer.good = 'refresh-1';
    await expect(one.get()).resolves.toMatchObject({ token: 'access-3' });
  });
});

it('two workers, one after the other under the lock, spend ten refresh tokens once each', async () => {
  const { clock, issuer, worker } = setUp();
  const workers = [worker(), worker()];
  for (let n = 1; n <= 10; n += 1) {
    for (const one of workers) await expect(one.get()).resolves.toMatchObject({ token: `access-${n}` });
    await clock.advanceBy(80_000);
  }
  expect(issuer).toMatchObject({ issued: 10, reused: 0 });
});

describe('the issuer refuses', () => {
  it('what is kept is wiped, and the next worker has nothing to send', async () => {
    const { issuer, request, clock, worker } = setUp();
    await worker().get();
    await clock.advanceBy(100_000);
    issuer.good = 'another';
    await expect(worker().get()).rejects.toMatchObject({ code: 'token-rejected' });
    await expect(worker().get()).rejects.toMatchObject({ code: 'token-rejected' });
    expect(request.mock.calls.map(([refreshToken]) => refreshToken)).toEqual([null, 'refresh-1', null]);
  });

  it('and another worker was faster by a moment: its token is taken, and nothing is wiped', async () => {
    const { issuer, request, clock, worker } = setUp();
    await worker().get();
    await clock.advanceBy(100_000);
    const [one, two] = [worker(), worker()];
    request.mockImplementationOnce(async (refreshToken) => {
      await two.get();
      return issuer.grant(refreshToken);
    });
    await expect(one.get()).resolves.toMatchObject({ token: 'access-2' });
    await clock.advanceBy(100_000);
    await expect(worker().get()).resolves.toMatchObject({ token: 'access-3' });
  });

  it('only for now: nothing is wiped', async () => {
    const { issuer, request, clock, worker } = setUp();
    await worker().get();
    await clock.advanceBy(100_000);
    request.mockRejectedValueOnce(new HubshareError(wireError('token-unavailable', 'no network', {})));
    await expect(worker().get()).rejects.toMatchObject({ code: 'token-unavailable' });
    await expect(worker().get()).resolves.toMatchObject({ token: 'access-2' });
    expect(issuer.reused).toBe(0);
  });
});

describe('after sign-out', () => {
  it('nothing is kept, and the worker may be given the same again', async () => {
    const { store, request, worker, issuer } = setUp();
    const source = worker();
    await source.get();
    await source.forget();
    expect(store.records.size).toBe(0);
    issuer.good = null;
    await source.get();
    expect(request.mock.calls.map(([refreshToken]) => refreshToken)).toEqual([null, null]);
  });

  it('a request that is asked for at once waits for the wipe', async () => {
    const { clock, store, request, worker, issuer } = setUp();
    const source = worker();
    await source.get();
    issuer.good = null;
    store.hold();
    const wiping = source.forget();
    const next = source.get();
    await vi.waitFor(() => expect(store.waiting).toBe(1), { timeout: 20_000 });
    await clock.settle();
    expect(store.waiting, 'nothing is read before the wipe is done').toBe(1);
    store.release();
    await wiping;
    await expect(next).resolves.toMatchObject({ token: 'access-2' });
    expect(request.mock.calls.map(([refreshToken]) => refreshToken)).toEqual([null, null]);
  });

  it('an answer that comes late is not kept', async () => {
    const { store, request, worker, issuer } = setUp();
    const source = worker();
    let answer: (grant: Grant) => void = () => undefined;
    request.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
    const abort = new AbortController();
    const late = source.next(abort.signal);
    await vi.waitFor(() => expect(request).toHaveBeenCalledTimes(1), { timeout: 20_000 });
    abort.abort(new Error('signed out'));
    await source.forget();
    answer(await issuer.grant(null));
    await expect(late).rejects.toThrow('signed out');
    expect([...store.records.values()].filter((record) => (record as { tokens: unknown }).tokens !== null)).toEqual([]);
  });
});

it('does not ask for a caller that has gone', async () => {
  const { request, worker } = setUp();
  await expect(worker().next(AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  expect(request).not.toHaveBeenCalled();
});

it('memory keeps a refresh token between two requests, and not over a wipe', async () => {
  const vault = memoryVault();
  const tokens = { accessToken: 'a', receivedAtMs: 0, expiresAtMs: null, refreshToken: 'r' };
  const turn = await vault.begin();
  await turn.keep(tokens);
  expect((await vault.begin()).kept).toEqual(tokens);
  const second = await vault.begin();
  await vault.wipe();
  await second.keep(tokens);
  expect((await vault.begin()).kept).toBeNull();
});
