import { describe, expect, it, vi } from 'vitest';
import { HubshareError, TokenRejectedError, wireError } from '../../src/contract/errors.js';
import { FakeClock } from '../testing/fake-clock.js';
import { createSanitizer } from './sanitizer.js';
import { createTokenBroker, type TokenBrokerOptions } from './token-broker.js';
import type { FetchedToken, TokenSource } from './token-source.js';

const HOUR_MS = 3_600_000;

/** A source that answers when the test says so, or at once with what `always` gives. */
class FakeSource implements TokenSource {
  readonly kind = 'endpoint';
  readonly signals: AbortSignal[] = [];
  always: (() => FetchedToken | Promise<FetchedToken>) | null = null;
  readonly #waiting: { resolve(token: FetchedToken): void; reject(error: unknown): void }[] = [];

  get fetches(): number {
    return this.signals.length;
  }

  async fetch(signal: AbortSignal): Promise<FetchedToken> {
    this.signals.push(signal);
    if (this.always !== null) return this.always();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  give(token: string, expiresInSeconds?: number): void {
    this.#waiting.shift()?.resolve({ token, ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }) });
  }

  fail(error: unknown = unavailable()): void {
    this.#waiting.shift()?.reject(error);
  }
}

const unavailable = (message = 'no network'): HubshareError =>
  new HubshareError(wireError('token-unavailable', message, {}));
const rejected = (): TokenRejectedError =>
  new TokenRejectedError(wireError('token-rejected', 'no', { httpStatus: 401 }));

function setUp(options: Partial<TokenBrokerOptions> = {}) {
  const clock = new FakeClock();
  const source = new FakeSource();
  const sanitizer = createSanitizer();
  const onChange = vi.fn();
  const broker = createTokenBroker({ source, clock, sanitizer, random: () => 0, onChange, ...options });
  return { clock, source, sanitizer, onChange, broker };
}

/** A broker with `token-1` of the given life in hand. */
async function withToken(lifeSeconds: number | undefined, options: Partial<TokenBrokerOptions> = {}) {
  const parts = setUp(options);
  const got = parts.broker.get();
  parts.source.give('token-1', lifeSeconds);
  await got;
  return parts;
}

describe('get', () => {
  it('makes one fetch for 10 callers at once', async () => {
    const { source, broker } = setUp();
    const all = Promise.all(Array.from({ length: 10 }, () => broker.get()));
    source.give('token-1', 300);
    expect((await all).map((token) => token?.token)).toEqual(Array(10).fill('token-1'));
    expect(source.fetches).toBe(1);
  });

  it('answers from memory while the token lives', async () => {
    const { source, broker } = await withToken(300);
    await expect(broker.get()).resolves.toMatchObject({ token: 'token-1', expiresAtMs: 300_000 });
    expect(source.fetches).toBe(1);
  });

  it('fetches when less than the wanted life is left, and not 1 ms before', async () => {
    const { clock, source, broker } = await withToken(3_600, { minValidityMs: 60_000 });
    await clock.advanceBy(HOUR_MS - 60_001);
    await expect(broker.get()).resolves.toMatchObject({ token: 'token-1' });
    expect(source.fetches).toBe(1);

    await clock.advanceBy(1);
    const next = broker.get();
    expect(source.fetches).toBe(2);
    source.give('token-2', 3_600);
    await expect(next).resolves.toMatchObject({ token: 'token-2' });
  });

  it('does not want more life than a share of what the token ever had', async () => {
    const { clock, source, broker } = await withToken(10, { minValidityMs: 60_000 });
    await clock.advanceBy(7_999);
    await broker.get();
    expect(source.fetches).toBe(1);
    await clock.advanceBy(1);
    void broker.get();
    expect(source.fetches).toBe(2);
  });

  it('keeps a token that does not say when it expires', async () => {
    const { clock, source, broker } = await withToken(undefined);
    await clock.advanceBy(100 * HOUR_MS);
    await expect(broker.get()).resolves.toMatchObject({ token: 'token-1', expiresAtMs: null });
    expect(source.fetches).toBe(1);
  });

  it('ends the wait of a caller that gives up, and of no other', async () => {
    const { source, broker } = setUp();
    const abort = new AbortController();
    const first = broker.get({ signal: abort.signal });
    const second = broker.get();
    abort.abort(new Error('gave up'));
    await expect(first).rejects.toThrow('gave up');
    expect(source.signals[0]?.aborted).toBe(false);
    source.give('token-1', 300);
    await expect(second).resolves.toMatchObject({ token: 'token-1' });
    expect(source.fetches).toBe(1);
  });

  it('gives null for an anonymous hub', async () => {
    const { broker, clock } = setUp({ source: null });
    await expect(broker.get()).resolves.toBeNull();
    await expect(broker.refreshNow()).resolves.toBeNull();
    broker.hold();
    expect(clock.pending).toBe(0);
    expect(broker.report()).toMatchObject({ source: 'none', state: 'none' });
  });

  it('rejects when there is no token, and asks again at the next call', async () => {
    const { source, broker } = setUp();
    const failed = broker.get();
    source.fail();
    await expect(failed).rejects.toMatchObject({ code: 'token-unavailable' });
    const next = broker.get();
    source.give('token-1');
    await expect(next).resolves.toMatchObject({ token: 'token-1' });
  });

  it('gives the old token while it works, when a new one cannot be had', async () => {
    const { clock, source, broker } = await withToken(3_600);
    await clock.advanceBy(HOUR_MS - 30_000);
    const got = broker.get();
    source.fail(rejected());
    await expect(got).resolves.toMatchObject({ token: 'token-1' });
    // And leaves the source alone for the cool-down.
    await expect(broker.get()).resolves.toMatchObject({ token: 'token-1' });
    expect(source.fetches).toBe(2);
  });

  it('rejects once the old token has expired', async () => {
    const { clock, source, broker } = await withToken(300);
    await clock.advanceBy(300_000);
    const got = broker.get();
    source.fail();
    await expect(got).rejects.toMatchObject({ code: 'token-unavailable' });
  });

  it('gives up on a source that never answers, and leaves no timer', async () => {
    const { clock, source, broker } = setUp({ fetchTimeoutMs: 5_000 });
    const failed = expect(broker.get()).rejects.toMatchObject({ code: 'token-timed-out', wire: { afterMs: 5_000 } });
    await clock.advanceBy(5_000);
    await failed;
    expect(source.signals[0]?.aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['an empty token', { token: '' }],
    ['no object', null],
  ])('refuses %s from a source', async (_, answer) => {
    const { source, broker } = setUp();
    source.always = () => answer as FetchedToken;
    await expect(broker.get()).rejects.toMatchObject({ code: 'token-unavailable' });
  });

  it('gives a code to what the app threw, without the secret in it', async () => {
    const { source, sanitizer, broker } = setUp();
    sanitizer.watch('opaque-secret');
    source.always = () => Promise.reject(new Error('cannot use opaque-secret'));
    await expect(broker.get()).rejects.toMatchObject({
      code: 'token-unavailable',
      message: 'No access token could be had: cannot use [redacted]',
    });
  });
});

describe('the early refresh', () => {
  it('comes a share of the life before expiry, and not 1 ms before that', async () => {
    const { clock, source, broker } = await withToken(300);
    broker.hold();
    expect(broker.report().refreshAtMs).toBe(240_000);
    await clock.advanceBy(239_999);
    expect(source.fetches).toBe(1);
    await clock.advanceBy(1);
    expect(source.fetches).toBe(2);
  });

  it('comes the buffer before expiry, for a token of a day', async () => {
    const { broker } = await withToken(86_400);
    broker.hold();
    expect(broker.report().refreshAtMs).toBe(22 * HOUR_MS);
  });

  it('comes earlier by the jitter, never later', async () => {
    const { broker } = await withToken(300, { random: () => 1 });
    broker.hold();
    expect(broker.report().refreshAtMs).toBe(240_000 - 6_000);
  });

  it('goes on from token to token', async () => {
    const { clock, source, broker } = await withToken(300);
    broker.hold();
    let n = 1;
    source.always = () => ({ token: `token-${++n}`, expiresInSeconds: 300 });
    await clock.advanceBy(240_000 * 3);
    expect(source.fetches).toBe(4);
    expect(broker.report()).toMatchObject({ refreshes: 3, state: 'valid' });
  });

  it('happens only while somebody holds', async () => {
    const { clock, source, broker } = await withToken(300);
    expect(clock.pending).toBe(0);
    const one = broker.hold();
    const two = broker.hold();
    one();
    one();
    expect(clock.pending).toBe(1);
    two();
    expect(clock.pending).toBe(0);
    await clock.advanceBy(1_000_000);
    expect(source.fetches).toBe(1);
  });

  it('comes at once for a hold that begins late', async () => {
    const { clock, source, broker } = await withToken(300);
    await clock.advanceBy(290_000);
    broker.hold();
    await clock.advanceBy(0);
    expect(source.fetches).toBe(2);
  });

  it('that fails is tried again with growing pauses, and never in a hot loop', async () => {
    const { clock, source, broker } = await withToken(3_600, { failureCooldownMs: 10_000 });
    broker.hold();
    source.always = () => Promise.reject(unavailable());
    const triedAtMs: number[] = [];
    source.always = () => {
      triedAtMs.push(clock.now() - 2_880_000);
      throw unavailable();
    };
    await clock.advanceBy(HOUR_MS);
    expect(triedAtMs.slice(0, 6)).toEqual([0, 10_000, 30_000, 70_000, 150_000, 310_000]);
    // The last tries come closer, for the token ends, and go on at the longest pause after it has.
    expect(triedAtMs.length).toBeLessThan(25);
    for (const [n, atMs] of triedAtMs.entries())
      if (n > 0) expect(atMs - (triedAtMs[n - 1] ?? 0)).toBeGreaterThanOrEqual(1_000);
    expect(broker.report()).toMatchObject({ failures: triedAtMs.length });
  });

  it('that fails leaves the old token in use, and a later one that works ends the pauses', async () => {
    const { clock, source, broker } = await withToken(3_600);
    broker.hold();
    await clock.advanceBy(2_880_000);
    source.fail();
    await clock.settle();
    expect(broker.report()).toMatchObject({ state: 'valid', failures: 1 });
    await clock.advanceBy(10_000);
    source.give('token-2', 3_600);
    await clock.settle();
    expect(broker.peek()?.token).toBe('token-2');
    expect(broker.report().refreshAtMs).toBe(clock.now() + 2_880_000);
  });

  it('is not tried again when the issuer has said no', async () => {
    const { clock, source, broker } = await withToken(300);
    broker.hold();
    await clock.advanceBy(240_000);
    source.fail(rejected());
    await clock.settle();
    expect(clock.pending).toBe(0);
    expect(broker.peek()?.token).toBe('token-1');
  });

  it('that brings the same token again is not repeated at once', async () => {
    const { clock, source, broker } = setUp();
    // An app that caches its token: the same JWT until it expires.
    const claims = { iat: 0.001, exp: 300 };
    const token = `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`;
    source.always = () => ({ token });
    await broker.get();
    broker.hold();
    await clock.advanceBy(240_000);
    expect(source.fetches).toBe(2);
    await clock.advanceBy(9_999);
    expect(source.fetches).toBe(2);
    await clock.advanceBy(1);
    expect(source.fetches).toBe(3);
  });

  it('is not due at once for a token that arrives nearly used up', async () => {
    const { clock, source, broker } = setUp();
    const claims = { iat: 0.001, exp: 300 };
    await clock.advanceBy(270_000);
    source.always = () => ({ token: `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y` });
    await broker.get();
    broker.hold();
    await clock.advanceBy(9_999);
    expect(source.fetches).toBe(1);
  });

  it('comes after growing pauses where each new token arrives nearly used up', async () => {
    const { clock, source, broker } = setUp();
    await clock.advanceBy(1_800_000_000_000);
    let n = 0;
    source.always = () => {
      // An issue that was decades ago: by that the life is long, and its end always near.
      const claims = { jti: ++n, iat: 1, exp: Math.floor(clock.now() / 1_000) + 300 };
      return { token: `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y` };
    };
    await broker.get();
    broker.hold();
    await clock.advanceBy(HOUR_MS);
    expect(source.fetches).toBeLessThan(30);
  });

  it('counts a call for the next token while it is under way as one fetch', async () => {
    const { clock, source, broker } = await withToken(300);
    broker.hold();
    await clock.advanceBy(240_000);
    const asked = [broker.refreshNow(), broker.refreshNow()];
    source.give('token-2', 300);
    expect((await Promise.all(asked)).map((token) => token?.token)).toEqual(['token-2', 'token-2']);
    expect(source.fetches).toBe(2);
  });
});

describe('token.expiring (US8-3)', () => {
  it('brings the refresh about at once, when half of the life is over', async () => {
    const { clock, source, broker } = await withToken(300);
    broker.hold();
    await clock.advanceBy(150_000);
    broker.expiring('token-1');
    await clock.advanceBy(0);
    expect(source.fetches).toBe(2);
  });

  it('comes true at half of the life when the hub said so from the start', async () => {
    const { clock, source, broker } = await withToken(300);
    broker.hold();
    broker.expiring('token-1');
    await clock.advanceBy(149_999);
    expect(source.fetches).toBe(1);
    await clock.advanceBy(1);
    expect(source.fetches).toBe(2);
  });

  it('said twice, and during the refresh, and after it, is one refresh', async () => {
    const { clock, source, broker } = await withToken(300);
    broker.hold();
    await clock.advanceBy(200_000);
    broker.expiring('token-1');
    broker.expiring('token-1');
    await clock.advanceBy(0);
    broker.expiring('token-1');
    source.give('token-2', 300);
    await clock.settle();
    broker.expiring('token-1');
    await clock.advanceBy(239_999);
    expect(source.fetches).toBe(2);
    await clock.advanceBy(1);
    expect(source.fetches).toBe(3);
  });

  it.each([
    [300, 24],
    [undefined, 360],
  ])('said of every token, all the time, is no storm: a life of %s s, %d refreshes in an hour', async (life, most) => {
    const { clock, source, broker } = await withToken(life);
    broker.hold();
    let n = 1;
    source.always = () => ({ token: `token-${++n}`, ...(life === undefined ? {} : { expiresInSeconds: life }) });
    for (let second = 0; second < 3_600; second++) {
      broker.expiring(broker.peek()?.token ?? '');
      await clock.advanceBy(1_000);
    }
    expect(source.fetches).toBeGreaterThan(most / 2);
    expect(source.fetches).toBeLessThanOrEqual(most + 1);
  });

  it('does not shorten the pause after a refresh that failed', async () => {
    const { clock, source, broker } = await withToken(3_600, { failureCooldownMs: 10_000 });
    broker.hold();
    await clock.advanceBy(2_880_000);
    source.fail();
    await clock.settle();
    broker.expiring('token-1');
    await clock.advanceBy(9_999);
    expect(source.fetches).toBe(2);
    await clock.advanceBy(1);
    expect(source.fetches).toBe(3);
  });

  it('refreshes a token that does not say when it ends', async () => {
    const { clock, source, broker } = await withToken(undefined);
    broker.hold();
    await clock.advanceBy(HOUR_MS);
    broker.expiring('token-1');
    await clock.advanceBy(0);
    expect(source.fetches).toBe(2);
  });

  it('changes nothing for another token, one that was refused, or where nobody holds', async () => {
    const { clock, source, broker } = await withToken(300);
    await clock.advanceBy(200_000);
    broker.expiring('token-1');
    await clock.advanceBy(0);
    expect(clock.pending).toBe(0);
    broker.refuse('token-1');
    broker.hold();
    broker.expiring('token-1');
    broker.expiring('token-0');
    await clock.advanceBy(10_000);
    expect(source.fetches).toBe(1);
  });
});

describe('a machine whose clock is wrong (SEC-2)', () => {
  /** Issues JWTs of 300 s by its own clock, without saying the span beside them. */
  async function atAnIssuer(aheadSeconds: number, more: { readonly iat?: boolean } = {}) {
    const parts = setUp();
    const { clock, source, broker } = parts;
    await clock.advanceBy(1_800_000_000_000);
    let n = 0;
    source.always = () => {
      const now = Math.floor(clock.now() / 1_000) + aheadSeconds;
      const claims = { jti: ++n, exp: now + 300, ...(more.iat === false ? {} : { iat: now }) };
      return { token: `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y` };
    };
    await broker.get();
    broker.hold();
    return parts;
  }

  it.each([300, 60, 0, -60, -299, -300])(
    'has one refresh per expiry, in time, where the issuer is ahead by %d s',
    async (ahead) => {
      const { clock, source, broker } = await atAnIssuer(ahead);
      // With its first token it may be early; from then on it knows.
      await clock.advanceBy(300_000);
      for (let round = 0; round < 10; round++) {
        const before = source.fetches;
        const { receivedAtMs } = broker.peek()!;
        await clock.advanceBy(receivedAtMs + 239_999 - clock.now());
        expect(source.fetches).toBe(before);
        await clock.advanceBy(1);
        expect(source.fetches).toBe(before + 1);
      }
      // The first life of 300 s took at most one more.
      expect(source.fetches).toBeLessThanOrEqual(1 + 2 + 10);
    },
  );

  it.each([300, 0, -300])('makes no storm where tokens have no iat and the issuer is ahead by %d s', async (ahead) => {
    const { clock, source, broker } = await atAnIssuer(ahead, { iat: false });
    await clock.advanceBy(HOUR_MS);
    expect(source.fetches).toBeLessThanOrEqual(16);
    // And the hub, which knows, can still have it refreshed.
    await clock.advanceBy(10_000);
    const before = source.fetches;
    broker.expiring(broker.peek()!.token);
    await clock.advanceBy(10_000);
    expect(source.fetches).toBe(before + 1);
  });

  it('does not take a token out of a cache for a fresh one', async () => {
    const { clock, source, broker } = setUp();
    await clock.advanceBy(1_800_000_000_000);
    const now = clock.now() / 1_000;
    const cached = `x.${Buffer.from(JSON.stringify({ iat: now - 200, exp: now + 100 })).toString('base64url')}.y`;
    source.always = () => ({ token: cached });
    await broker.get();
    await clock.advanceBy(30_000);
    await broker.refreshNow();
    expect(broker.peek()).toMatchObject({ expiresAtMs: (now + 100) * 1_000, ageMs: 200_000 });
  });
});

describe('catchUp', () => {
  it('starts an early refresh whose timer is late', async () => {
    const { clock, source, broker } = await withToken(300);
    broker.hold();
    clock.jumpBy(240_000);
    expect(source.fetches).toBe(1);
    broker.catchUp();
    expect(source.fetches).toBe(2);
  });

  it('does nothing 1 ms before the refresh is due', async () => {
    const { clock, source, broker } = await withToken(300);
    broker.hold();
    clock.jumpBy(239_999);
    broker.catchUp();
    expect(source.fetches).toBe(1);
    // The timer is still there for it.
    await clock.advanceBy(1);
    expect(source.fetches).toBe(2);
  });

  it('does nothing when no refresh is due, because nobody holds', async () => {
    const { clock, source, broker } = await withToken(300);
    clock.jumpBy(HOUR_MS);
    broker.catchUp();
    expect(source.fetches).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it('leaves no timer that would fetch a second time', async () => {
    const { clock, source, broker } = await withToken(300);
    broker.hold();
    clock.jumpBy(250_000);
    broker.catchUp();
    source.give('token-2', 300);
    await clock.settle();
    expect(broker.peek()?.token).toBe('token-2');
    await clock.advanceBy(239_999);
    expect(source.fetches).toBe(2);
    await clock.advanceBy(1);
    expect(source.fetches).toBe(3);
  });

  it('twice in a row is one fetch', async () => {
    const { clock, source, broker } = await withToken(300);
    broker.hold();
    clock.jumpBy(250_000);
    broker.catchUp();
    broker.catchUp();
    expect(source.fetches).toBe(2);
  });
});

describe('a refused token', () => {
  it('is not given out again: the next call fetches', async () => {
    const { source, broker } = await withToken(300);
    broker.refuse('token-1');
    expect(broker.peek()).toBeNull();
    expect(broker.report().state).toBe('refused');
    const next = broker.get();
    source.give('token-2', 300);
    await expect(next).resolves.toMatchObject({ token: 'token-2' });
    expect(source.fetches).toBe(2);
  });

  it('that the source gives again ends in token-rejected, after one fetch', async () => {
    const { source, broker, clock } = await withToken(300);
    broker.hold();
    broker.refuse('token-1');
    source.always = () => ({ token: 'token-1', expiresInSeconds: 300 });
    await expect(broker.get()).rejects.toMatchObject({ code: 'token-rejected', wire: { httpStatus: 401 } });
    expect(source.fetches).toBe(2);
    await clock.advanceBy(HOUR_MS);
    expect(source.fetches).toBe(2);
  });

  it('that is not the one in hand changes nothing', async () => {
    const { source, broker } = await withToken(300);
    broker.refuse('token-0');
    await expect(broker.get()).resolves.toMatchObject({ token: 'token-1' });
    expect(source.fetches).toBe(1);
  });

  it('may be offered again after a minute: a hub also says 401 when it cannot load keys', async () => {
    const { clock, source, broker } = await withToken(undefined);
    broker.refuse('token-1');
    source.always = () => ({ token: 'token-1' });
    await clock.advanceBy(59_999);
    await expect(broker.get()).rejects.toMatchObject({ code: 'token-rejected' });
    await clock.advanceBy(1);
    await expect(broker.get()).resolves.toMatchObject({ token: 'token-1' });
  });

  it('disarms the early refresh', async () => {
    const { clock, broker } = await withToken(300);
    broker.hold();
    broker.refuse('token-1');
    expect(clock.pending).toBe(0);
  });
});

describe('onToken', () => {
  it('tells each new token once, with the one before, and nothing after its end', async () => {
    const { source, broker } = setUp();
    const heard: (string | null)[][] = [];
    const end = broker.onToken((token, previous) => heard.push([token.token, previous?.token ?? null]));
    source.always = () => ({ token: 'token-1', expiresInSeconds: 300 });
    await broker.get();
    await broker.refreshNow();
    source.always = () => ({ token: 'token-2', expiresInSeconds: 300 });
    await broker.refreshNow();
    end();
    source.always = () => ({ token: 'token-3', expiresInSeconds: 300 });
    await broker.refreshNow();
    expect(heard).toEqual([
      ['token-1', null],
      ['token-2', 'token-1'],
    ]);
  });
});

describe('clear', () => {
  it('drops the token and what is on its way, also when the source does not listen', async () => {
    const { clock, source, broker, sanitizer } = await withToken(300);
    const heard = vi.fn();
    broker.onToken(heard);
    const waiting = broker.refreshNow();
    void broker.clear();
    await expect(waiting).rejects.toMatchObject({ code: 'signed-out' });
    expect(source.signals[1]?.aborted).toBe(true);

    source.give('token-of-ann', 300);
    await clock.settle();
    expect(broker.peek()).toBeNull();
    expect(heard).not.toHaveBeenCalled();
    expect(clock.pending).toBe(0);
    // The late token is a secret all the same.
    expect(sanitizer.redact('token-of-ann')).toBe('[redacted]');
  });

  it('lets the next user fetch at once, and keeps the two apart', async () => {
    const { source, broker } = setUp();
    const ann = broker.get();
    void broker.clear();
    const bob = broker.get();
    source.give('token-of-ann');
    source.give('token-of-bob');
    await expect(ann).rejects.toMatchObject({ code: 'signed-out' });
    await expect(bob).resolves.toMatchObject({ token: 'token-of-bob' });
    expect(broker.peek()?.token).toBe('token-of-bob');
  });

  it('wins over an answer that was looked at, for the callers whose turn had not come', async () => {
    const { source, broker } = setUp();
    const end = broker.onToken(() => {
      end();
      // As a listener of another part would: between the arrival and those who wait.
      void broker.clear();
    });
    const asked = [broker.get(), broker.refreshNow()];
    source.give('token-of-ann');
    for (const ann of asked) await expect(ann).rejects.toMatchObject({ code: 'signed-out' });
    expect(broker.peek()).toBeNull();
  });

  it('wins over an answer that has arrived and was not yet looked at', async () => {
    const { source, broker } = setUp();
    const ann = broker.get();
    source.give('token-of-ann');
    void broker.clear();
    await expect(ann).rejects.toMatchObject({ code: 'signed-out' });
    expect(broker.peek()).toBeNull();
  });
});

it('redacts the token in hand however many other secrets have come since (SEC-3)', async () => {
  const { source, sanitizer, broker } = await withToken(300);
  for (let n = 0; n < 100; n++) sanitizer.watch(`connection-token-${n}`);
  expect(sanitizer.redact('with token-1 in it')).toBe('with token-1 in it');
  const next = broker.refreshNow();
  source.give('opaque-token-2', 300);
  await next;
  for (let n = 0; n < 100; n++) sanitizer.watch(`connection-token-${n}`);
  expect(sanitizer.redact('with opaque-token-2 in it')).toBe('with [redacted] in it');
  void broker.clear();
  for (let n = 0; n < 100; n++) sanitizer.watch(`connection-token-${n}`);
  expect(sanitizer.redact('with opaque-token-2 in it')).toBe('with opaque-token-2 in it');
});

describe('close', () => {
  it('leaves no timer and no news', async () => {
    const { clock, source, broker, onChange } = await withToken(300);
    broker.hold();
    const waiting = broker.refreshNow();
    broker.close();
    expect(clock.pending).toBe(0);
    await expect(waiting).rejects.toMatchObject({ code: 'stopped' });
    await expect(broker.get()).rejects.toMatchObject({ code: 'stopped' });
    onChange.mockClear();
    source.give('token-2', 300);
    await clock.advanceBy(HOUR_MS);
    expect(onChange).not.toHaveBeenCalled();
    expect(source.fetches).toBe(2);
  });
});

describe('report', () => {
  it('tells the state at each step, and tells that it changed', async () => {
    const { clock, source, broker, onChange } = setUp();
    expect(broker.report()).toEqual({
      source: 'endpoint',
      state: 'none',
      fingerprint: null,
      expiresAtMs: null,
      refreshAtMs: null,
      refreshes: 0,
      failures: 0,
      lastTookMs: null,
    });
    const got = broker.get();
    expect(broker.report().state).toBe('fetching');
    await clock.advanceBy(40);
    source.give('token-1', 300);
    await got;
    await vi.waitFor(() => expect(broker.report().fingerprint).toMatch(/^[0-9a-f]{8}$/), { timeout: 20_000 });
    expect(broker.report()).toMatchObject({ state: 'valid', expiresAtMs: 300_040, refreshes: 0, lastTookMs: 40 });

    void broker.refreshNow();
    expect(broker.report().state).toBe('refreshing');
    expect(onChange.mock.calls.length).toBeGreaterThanOrEqual(4);
    expect(JSON.stringify(broker.report())).not.toContain('token-1');
  });
});
