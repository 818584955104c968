import { describe, expect, it, vi } from 'vitest';
import { HubshareError, wireError } from '../../src/contract/errors.js';
import type { FetchRequest } from '../../src/contract/fetch.js';
import { FakeClock } from '../testing/fake-clock.js';
import { requestFor } from '../testing/fetch-request.js';
import { createAuthorizedFetch, DEFAULT_FETCH_LIMITS, type FetchingTab } from './authorized-fetch.js';
import { readIdentity } from './identity.js';
import { createSanitizer } from './sanitizer.js';
import { createTokenBroker } from './token-broker.js';
import type { FetchedToken } from './token-source.js';

class PlainTab implements FetchingTab {
  readonly #gone = new AbortController();
  #away = new AbortController();
  #back: (() => void)[] = [];
  readonly gone = this.#gone.signal;

  constructor(readonly id: string) {}

  get away() {
    return this.#away.signal;
  }

  back(): Promise<void> {
    return new Promise((resolve) => this.#back.push(resolve));
  }

  freeze(): void {
    this.#away.abort();
  }

  thaw(): void {
    this.#away = new AbortController();
    for (const resolve of this.#back.splice(0)) resolve();
  }

  leave(): void {
    this.#gone.abort();
    this.#away.abort();
    for (const resolve of this.#back.splice(0)) resolve();
  }
}

interface Sent {
  readonly token: string | null;
  readonly body: string | null;
  readonly signal: AbortSignal;
  answer(status?: number): void;
}

/** A server that answers when the test says so, and an issuer that gives `token-1`, `token-2` and so on, or what the test says. */
function setUp(limits = {}) {
  const clock = new FakeClock();
  const sent: Sent[] = [];
  const issuer = {
    issued: 0,
    next: (): Promise<FetchedToken> => Promise.resolve({ token: `token-${issuer.issued}`, expiresInSeconds: 3_600 }),
  };
  const broker = createTokenBroker({
    source: {
      kind: 'endpoint',
      fetch: () => {
        issuer.issued += 1;
        return issuer.next();
      },
    },
    clock,
    sanitizer: createSanitizer(),
    random: () => 0,
  });
  const onRefused = vi.fn();
  const fetches = createAuthorizedFetch({
    rules: { origins: new Set(['https://app.test']), closed: () => ['https://app.test/auth/refresh'] },
    limits: { ...DEFAULT_FETCH_LIMITS, ...limits },
    clock,
    isOtherUser: (one, other) => readIdentity(one.token)?.user !== readIdentity(other.token)?.user,
    onRefused,
    fetch: (_, init) =>
      new Promise((resolve, reject) => {
        const signal = init!.signal!;
        signal.addEventListener('abort', () => reject(new DOMException('', 'AbortError')));
        const body = init?.body as ArrayBuffer | undefined;
        sent.push({
          token: new Headers(init?.headers).get('Authorization'),
          body: body === undefined ? null : new TextDecoder().decode(body),
          signal,
          answer: (status = 200) => resolve(new Response(`${status}`, { status })),
        });
      }),
  });
  const tab = new PlainTab('a');
  const attached = { now: true };
  let ids = 0;
  const send = (more: Partial<FetchRequest> = {}, from: FetchingTab = tab) =>
    fetches.send(from, requestFor({ requestId: `request-${(ids += 1)}`, ...more }), broker, () => attached.now);
  return { clock, sent, issuer, broker, fetches, tab, send, onRefused, attached };
}

type SetUp = ReturnType<typeof setUp>;

/** A request that has reached the server. */
async function underWay(parts: SetUp, more: Partial<FetchRequest> = {}) {
  const count = parts.sent.length;
  const answer = parts.send(more);
  answer.catch(() => undefined);
  await parts.clock.settle();
  const sent = parts.sent[count];
  if (sent === undefined) throw new Error('nothing was sent');
  return { answer, sent };
}

/** A JWT of this user. */
const jwt = (user: string): string => `h.${btoa(JSON.stringify({ sub: user })).replaceAll('=', '')}.s`;

/** Nothing is left of any request. */
async function isAtRest({ fetches, clock }: SetUp): Promise<void> {
  await clock.settle();
  expect(fetches.open).toBe(0);
}

describe('the answer', () => {
  it('comes for the token that the broker has, which no answer holds', async () => {
    const parts = setUp();
    const { answer, sent } = await underWay(parts);
    sent.answer();
    const got = await answer;
    expect(sent.token).toBe('Bearer token-1');
    expect(got.status).toBe(200);
    expect(JSON.stringify(got)).not.toContain('token-1');
    await isAtRest(parts);
  });

  it('of 401 is followed by one refresh and one more try, with the same body', async () => {
    const parts = setUp();
    const body = new TextEncoder().encode('once').buffer;
    const { answer, sent } = await underWay(parts, { method: 'POST', body });
    sent.answer(401);
    await parts.clock.settle();
    parts.sent[1]?.answer(201);
    expect((await answer).status).toBe(201);
    expect(parts.sent.map(({ token, body: text }) => [token, text])).toEqual([
      ['Bearer token-1', 'once'],
      ['Bearer token-2', 'once'],
    ]);
    expect(parts.issuer.issued).toBe(2);
    await isAtRest(parts);
  });

  it('of a second 401 is the answer', async () => {
    const parts = setUp();
    const { answer, sent } = await underWay(parts);
    sent.answer(401);
    await parts.clock.settle();
    parts.sent[1]?.answer(401);
    expect((await answer).status).toBe(401);
    expect(parts.sent).toHaveLength(2);
    // The hub may like the token that this server does not like.
    expect(parts.broker.peek()?.token).toBe('token-2');
  });

  it('of 401 stands when no other token can be had', async () => {
    const parts = setUp();
    const { answer, sent } = await underWay(parts);
    parts.issuer.next = () => Promise.reject(new HubshareError(wireError('token-unavailable', 'no network', {})));
    sent.answer(401);
    expect((await answer).status).toBe(401);
    expect(parts.sent).toHaveLength(1);
    await isAtRest(parts);
  });

  it.each([403, 407, 500])('of %d is the answer', async (status) => {
    const parts = setUp();
    const { answer, sent } = await underWay(parts);
    sent.answer(status);
    expect((await answer).status).toBe(status);
    expect(parts.issuer.issued).toBe(1);
  });
});

describe('refreshes for the sake of 401', () => {
  it('are one for ten requests at once', async () => {
    const parts = setUp();
    const all = [];
    for (let n = 0; n < 10; n += 1) all.push(await underWay(parts));
    for (const { sent } of all) sent.answer(401);
    await parts.clock.settle();
    for (const sent of parts.sent.slice(10)) sent.answer();
    expect((await Promise.all(all.map(({ answer }) => answer))).map(({ status }) => status)).toEqual(
      Array(10).fill(200),
    );
    expect(parts.issuer.issued).toBe(2);
  });

  it('are none for a request whose token was replaced on the way', async () => {
    const parts = setUp();
    const { answer, sent } = await underWay(parts);
    await parts.broker.refreshNow();
    sent.answer(401);
    await parts.clock.settle();
    parts.sent[1]?.answer();
    expect((await answer).status).toBe(200);
    expect(parts.sent[1]?.token).toBe('Bearer token-2');
    expect(parts.issuer.issued).toBe(2);
  });

  it('become rare at a server that refuses every token', async () => {
    const parts = setUp();
    async function refusedAll(): Promise<number> {
      const before = parts.sent.length;
      const { answer, sent } = await underWay(parts);
      sent.answer(401);
      await parts.clock.settle();
      parts.sent[before + 1]?.answer(401);
      expect((await answer).status).toBe(401);
      return parts.issuer.issued;
    }
    expect(await refusedAll()).toBe(2);
    for (let n = 0; n < 100; n += 1) expect(await refusedAll()).toBe(2);
    await parts.clock.advanceBy(9_999);
    expect(await refusedAll()).toBe(2);
    await parts.clock.advanceBy(1);
    expect(await refusedAll()).toBe(3);
    await parts.clock.advanceBy(19_999);
    expect(await refusedAll()).toBe(3);
    await parts.clock.advanceBy(1);
    expect(await refusedAll()).toBe(4);
  });
});

it('ten requests at once that are refused twice are one reason for a pause, not ten', async () => {
  const parts = setUp();
  const all = [];
  for (let n = 0; n < 10; n += 1) all.push(await underWay(parts));
  for (const { sent } of all) sent.answer(401);
  await parts.clock.settle();
  for (const sent of parts.sent.slice(10)) sent.answer(401);
  await Promise.all(all.map(({ answer }) => answer));
  await parts.clock.advanceBy(10_000);
  const { sent } = await underWay(parts);
  sent.answer(401);
  await parts.clock.settle();
  expect(parts.issuer.issued).toBe(3);
});

it('leaves no listener behind', async () => {
  const parts = setUp();
  const { signedIn, onToken } = parts.broker;
  let listeners = 0;
  for (const signal of [signedIn, parts.tab.gone]) {
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    vi.spyOn(signal, 'addEventListener').mockImplementation((...args: unknown[]) => {
      listeners += 1;
      add(...(args as Parameters<typeof add>));
    });
    vi.spyOn(signal, 'removeEventListener').mockImplementation((...args: unknown[]) => {
      listeners -= 1;
      remove(...(args as Parameters<typeof remove>));
    });
  }
  vi.spyOn(parts.broker, 'onToken').mockImplementation((listener) => {
    listeners += 1;
    const unlisten = onToken(listener);
    return () => {
      listeners -= 1;
      unlisten();
    };
  });
  const { answer, sent } = await underWay(parts);
  expect(listeners).toBe(3);
  sent.answer();
  await answer;
  expect(listeners).toBe(0);
});

describe('the user is gone', () => {
  it.each([
    ['before the answer', false],
    ['before the refresh after a 401', true],
  ])('by sign-out %s: nothing is delivered or sent again', async (_, refreshing) => {
    const parts = setUp();
    const { answer, sent } = await underWay(parts);
    let give: (token: FetchedToken) => void = () => undefined;
    parts.issuer.next = () => new Promise((resolve) => (give = resolve));
    if (refreshing) {
      sent.answer(401);
      await parts.clock.settle();
      expect(parts.issuer.issued).toBe(2);
    }
    void parts.broker.clear();
    await expect(answer).rejects.toMatchObject({ code: 'signed-out' });
    if (!refreshing) expect(sent.signal.aborted).toBe(true);
    give({ token: 'token-of-nobody' });
    sent.answer();
    await isAtRest(parts);
    expect(parts.sent).toHaveLength(1);
  });

  it('and another one is there: the answer is not delivered', async () => {
    const parts = setUp();
    parts.issuer.next = () => Promise.resolve({ token: jwt(parts.issuer.issued === 1 ? 'ann' : 'bob') });
    const { answer, sent } = await underWay(parts);
    await parts.broker.refreshNow();
    await expect(answer).rejects.toMatchObject({ code: 'identity-changed' });
    expect(sent.signal.aborted).toBe(true);
    await isAtRest(parts);
  });

  it('and another one is there after a 401: the request is not sent with the token of the other', async () => {
    const parts = setUp();
    parts.issuer.next = () => Promise.resolve({ token: jwt(parts.issuer.issued === 1 ? 'ann' : 'bob') });
    const { answer, sent } = await underWay(parts);
    sent.answer(401);
    await expect(answer).rejects.toMatchObject({ code: 'identity-changed' });
    await isAtRest(parts);
    expect(parts.sent).toHaveLength(1);
  });

  it('not by a refresh for the same user', async () => {
    const parts = setUp();
    parts.issuer.next = () => Promise.resolve({ token: `${jwt('ann')}${parts.issuer.issued}` });
    const { answer, sent } = await underWay(parts);
    await parts.broker.refreshNow();
    sent.answer();
    expect((await answer).status).toBe(200);
  });

  it('while the page was frozen: the answer that waited for it is not delivered', async () => {
    const parts = setUp();
    const { answer, sent } = await underWay(parts);
    parts.tab.freeze();
    sent.answer();
    await parts.clock.settle();
    void parts.broker.clear();
    await expect(answer).rejects.toMatchObject({ code: 'signed-out' });
    parts.tab.thaw();
    await isAtRest(parts);
  });

  it('not: a page that is thawed gets its answer', async () => {
    const parts = setUp();
    const { answer, sent } = await underWay(parts);
    parts.tab.freeze();
    sent.answer();
    await parts.clock.settle();
    expect(parts.fetches.open).toBe(1);
    parts.tab.thaw();
    expect((await answer).status).toBe(200);
    await isAtRest(parts);
  });
});

describe('a request ends', () => {
  it('when its tab says so, and no other does', async () => {
    const parts = setUp();
    const one = await underWay(parts, { requestId: 'one' });
    const two = await underWay(parts, { requestId: 'two' });
    parts.fetches.abort(new PlainTab('b'), 'one');
    expect(one.sent.signal.aborted).toBe(false);
    parts.fetches.abort(parts.tab, 'one');
    await expect(one.answer).rejects.toMatchObject({ code: 'stopped' });
    expect([one, two].map(({ sent }) => sent.signal.aborted)).toEqual([true, false]);
    parts.fetches.abort(parts.tab, 'one');
    two.sent.answer();
    expect((await two.answer).status).toBe(200);
    await isAtRest(parts);
  });

  it('when its tab has gone', async () => {
    const parts = setUp();
    const { answer, sent } = await underWay(parts);
    parts.tab.leave();
    await expect(answer).rejects.toMatchObject({ code: 'stopped' });
    expect(sent.signal.aborted).toBe(true);
    await isAtRest(parts);
  });

  it('not with its tab if it is to outlive it, but with the user', async () => {
    const parts = setUp();
    const { answer, sent } = await underWay(parts, { keepalive: true });
    parts.tab.leave();
    await parts.clock.settle();
    expect(sent.signal.aborted).toBe(false);
    void parts.broker.clear();
    await expect(answer).rejects.toMatchObject({ code: 'signed-out' });
  });

  it('before it was sent when its tab has let the hub go, or was sent away, when the token comes', async () => {
    const parts = setUp();
    let give: (token: FetchedToken) => void = () => undefined;
    parts.issuer.next = () => new Promise((resolve) => (give = resolve));
    const failed = expect(parts.send()).rejects.toMatchObject({ code: 'stopped' });
    parts.attached.now = false;
    give({ token: 'token-of-another' });
    await failed;
    await isAtRest(parts);
    expect(parts.sent).toEqual([]);
  });

  it('not when its tab lets the hub go while the server has it', async () => {
    const parts = setUp();
    const { answer, sent } = await underWay(parts);
    parts.attached.now = false;
    sent.answer();
    expect((await answer).status).toBe(200);
  });

  it('before it was sent when its tab goes while the token is on its way', async () => {
    const parts = setUp();
    let give: (token: FetchedToken) => void = () => undefined;
    parts.issuer.next = () => new Promise((resolve) => (give = resolve));
    const failed = expect(parts.send()).rejects.toMatchObject({ code: 'stopped' });
    parts.tab.leave();
    await failed;
    give({ token: 'token-1' });
    await isAtRest(parts);
    expect(parts.sent).toEqual([]);
  });
});

describe('refused, and noted, is', () => {
  it.each<[string, Partial<FetchRequest>]>([
    ['another origin', { url: 'https://evil.test/' }],
    ['the token endpoint', { url: 'https://app.test/auth/refresh' }],
    ['a body over the limit', { body: new ArrayBuffer(11) }],
  ])('%s: no token is fetched', async (_, more) => {
    const parts = setUp({ maxRequestBytes: 10 });
    await expect(parts.send(more)).rejects.toMatchObject({ code: 'fetch-refused' });
    expect(parts.onRefused).toHaveBeenCalledTimes(1);
    expect(parts.issuer.issued).toBe(0);
    expect(parts.sent).toEqual([]);
    await isAtRest(parts);
  });

  it('one request of a tab more than the limit, and none of another tab', async () => {
    const parts = setUp({ maxAtOnce: 2 });
    const one = await underWay(parts);
    await underWay(parts);
    await expect(parts.send()).rejects.toMatchObject({
      code: 'fetch-refused',
      message: expect.stringMatching(/^.*2 requests/),
    });
    void parts.send({}, new PlainTab('b')).catch(() => undefined);
    await parts.clock.settle();
    expect(parts.sent).toHaveLength(3);
    one.sent.answer();
    await one.answer;
    await underWay(parts);
    expect(parts.sent).toHaveLength(4);
  });

  it('an id that is in use', async () => {
    const parts = setUp();
    const { answer, sent } = await underWay(parts, { requestId: 'one' });
    await expect(parts.send({ requestId: 'one' })).rejects.toMatchObject({ code: 'fetch-refused' });
    sent.answer();
    expect((await answer).status).toBe(200);
  });
});

it('SR-3: without a source of tokens nothing is sent', async () => {
  const { fetches, tab, sent } = setUp();
  await expect(fetches.send(tab, requestFor(), null, () => true)).rejects.toMatchObject({ code: 'token-unavailable' });
  expect(sent).toEqual([]);
});
