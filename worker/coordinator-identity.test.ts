import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FENCE_WAIT_MS } from '../src/contract/timing.js';
import { createCoordinator, type Coordinator } from './coordinator.js';
import type { ServeHubsOptions } from './serve-options.js';
import { FakeClock } from './testing/fake-clock.js';
import { FakeHubs, type FakeHub } from './testing/fake-hub.js';
import { FakeLocks } from './testing/fake-locks.js';
import { FakeTab, wishFor } from './testing/fake-tab.js';
import { quiet, until } from './testing/settle.js';
import { METRIC } from './testing/topic-hub.js';

let hubs = new FakeHubs();

vi.mock('./hub/signalr-socket.js', () => ({
  openSignalRSocket: (...args: Parameters<FakeHubs['open']>) => hubs.open(...args),
}));

const OPS = 'https://h.test/hubs/ops';
const CHAT = 'https://h.test/hubs/chat';
const jwt = (sub: string, n: number): string =>
  `h.${Buffer.from(JSON.stringify({ sub, jti: n })).toString('base64url')}.s${n}`;
const CLOSED = { phase: 'closed', error: { code: 'identity-changed' } };

let origin: FakeLocks;
let clock: FakeClock;
let tabs: FakeTab[];
let worker: Coordinator;
/** Who is signed in at the issuer. */
let user: string;
let fetches: number;
const ops = (): FakeHub => hubs.at(OPS);

function startWorker(options: ServeHubsOptions = {}): void {
  worker = createCoordinator(
    { maxSpacingMs: 0, ...options },
    {
      clock,
      locks: origin.client('worker'),
      random: () => 0,
      randomId: () => 'boot-1',
      nextTask: (run) => setTimeout(run),
    },
  );
}

/** Tokens come from an endpoint and name the user that is signed in there. */
function startWithEndpoint(token = (n: number): string => jwt(user, n)): void {
  const fetch = () => Promise.resolve({ token: token((fetches += 1)), expiresInSeconds: 3_600 });
  startWorker({ accessToken: { kind: 'endpoint', fetch } });
}

async function openTab(id: string): Promise<FakeTab> {
  const tab = new FakeTab(worker, origin, id);
  tabs.push(tab);
  const reply = await tab.join();
  if (!reply.ok) throw new Error(reply.error.message);
  return tab;
}

/** A tab that shows a user, and has the hub. */
async function liveTab(id: string, identity: string | null = null, hub = OPS): Promise<FakeTab> {
  const tab = await openTab(id);
  expect(await tab.attach(hub, { identity, methods: ['metric'] })).toMatchObject({ ok: true });
  await tab.reaches(hub, 'live');
  return tab;
}

beforeEach(() => {
  origin = new FakeLocks();
  clock = new FakeClock(1_000);
  tabs = [];
  hubs = new FakeHubs();
  user = 'ann';
  fetches = 0;
});
afterEach(() => {
  for (const tab of tabs) tab.closePorts();
});

describe('a token of another user', () => {
  it('closes every hub for every tab, and is given to none of the old connections', async () => {
    startWithEndpoint();
    const a = await liveTab('a');
    const b = await liveTab('b', null, CHAT);
    user = 'bob';
    await a.api.refreshTokenNow(OPS);
    for (const [tab, hub] of [
      [a, OPS],
      [b, CHAT],
    ] as const)
      expect(await tab.reaches(hub, 'closed')).toMatchObject(CLOSED);
    expect([ops().tokens, hubs.at(CHAT).tokens]).toEqual([[], []]);
    await until(() => ops().held + hubs.at(CHAT).held === 0);

    // It came before this page, which does not say whom it shows.
    await a.attach(OPS);
    await a.reaches(OPS, 'live');
    expect(fetches).toBe(3);
  });

  it('stays for a page that shows the user whom it names', async () => {
    startWithEndpoint();
    const a = await liveTab('a', 'ann');
    user = 'bob';
    await a.api.refreshTokenNow(OPS);
    await a.reaches(OPS, 'closed');
    await liveTab('b', 'bob');
    expect(fetches).toBe(2);
  });

  it('is noticed once: a token of the same user changes nothing', async () => {
    startWithEndpoint();
    const a = await liveTab('a');
    await a.api.refreshTokenNow(OPS);
    await quiet();
    expect(a.statuses().filter(({ phase }) => phase === 'closed')).toEqual([]);
    expect(ops().sockets).toHaveLength(1);
  });
});

describe('a page that shows another user than the token', () => {
  it('never joins the old connection: it has one of its own as soon as the issuer names its user', async () => {
    startWithEndpoint();
    const a = await liveTab('a', 'ann');
    user = 'bob';
    const b = await liveTab('b', 'bob');
    expect(await a.reaches(OPS, 'closed')).toMatchObject(CLOSED);
    expect(b.statuses().map(({ connectionId }) => connectionId)).not.toContain('connection-1');
    expect(ops().sockets).toHaveLength(2);
    expect(ops().held).toBe(1);
  });

  it('is refused when somebody else is signed in, and nobody else is harmed, however often it starts', async () => {
    startWithEndpoint();
    const a = await liveTab('a', 'ann');
    const b = await openTab('b');
    const before = a.statuses().length;
    for (let n = 0; n < 3; n += 1) {
      const attached = b.attach(OPS, { identity: 'bob' });
      await quiet();
      await clock.advanceBy(1_000);
      expect(await attached).toMatchObject({ ok: false, error: { code: 'identity-changed' } });
    }
    expect(a.statuses()).toHaveLength(before);
    expect(ops().sockets).toHaveLength(1);
    expect(fetches).toBe(4);
    expect(b.statuses()).toEqual([]);
  });

  it('does not wait behind a page that invents users without end', async () => {
    startWithEndpoint();
    await liveTab('a', 'ann');
    const hostile = await openTab('hostile');
    const refused = Array.from({ length: 90 }, (_, n) => hostile.attach(OPS, { identity: `user-${n}` }));
    await quiet();
    user = 'bob';
    const b = await openTab('b');
    const attached = b.attach(OPS, { identity: 'bob' });
    await quiet();
    await clock.advanceBy(2_000);
    expect(await attached).toMatchObject({ ok: true });
    for (let n = 0; n < 90; n += 1) {
      await clock.advanceBy(1_000);
      await quiet();
    }
    for (const reply of await Promise.all(refused)) expect(reply.ok).toBe(false);
  });

  it('asks the issuer once a second at most', async () => {
    startWithEndpoint();
    await liveTab('a', 'ann');
    const b = await openTab('b');
    for (let n = 0; n < 5; n += 1) void b.attach(OPS, { identity: 'bob' });
    await quiet();
    expect(fetches).toBe(2);
    b.die();
    await clock.advanceBy(60_000);
    await quiet();
    expect(clock.pending).toBeLessThanOrEqual(1);
  });

  it('keeps what it subscribes to while it waits, and comes to nothing when it lets go', async () => {
    startWithEndpoint();
    await liveTab('a', 'ann');
    user = 'bob';
    const b = await openTab('b');
    const attached = b.attach(OPS, { identity: 'bob' });
    const subscribed = b.api.subscribe(OPS, 'metric');
    expect([await attached, await subscribed]).toMatchObject([{ ok: true }, { ok: true }]);
    await b.reaches(OPS, 'live');
    await ops().emit('metric', 1);
    await until(() => b.events().length === 1);

    const c = await openTab('c');
    const late = c.attach(OPS, { identity: 'carol' });
    await c.api.detach(OPS);
    await clock.advanceBy(1_000);
    await quiet();
    await clock.advanceBy(1_000);
    expect(await late).toMatchObject({ ok: false });
    expect(b.statuses().at(-1)?.phase).toBe('live');
  });

  it('is not a member for a wish that was pending when it let the hub go, whichever of several it was', async () => {
    let release: () => void = () => undefined;
    let hangs: Promise<void> = Promise.resolve();
    const fetch = async () => {
      const token = jwt(user, (fetches += 1));
      await hangs;
      return { token };
    };
    startWorker({ accessToken: { kind: 'endpoint', fetch } });
    await liveTab('a', 'ann');
    user = 'bob';
    hangs = new Promise((resolve) => (release = resolve));
    const b = await openTab('b');
    const wishes = [1, 2, 3].map(() => b.attach(OPS, { identity: 'bob', attachment: 9_001 }));
    await b.api.detach(OPS);
    release();
    for (const wish of wishes) expect(await wish).toMatchObject({ ok: false });
    await quiet();
    expect(b.statuses()).toEqual([]);
    expect(ops().held).toBe(0);
  });

  it('is asked for once, however many pages of the new user come at the same time', async () => {
    let answer: () => void = () => undefined;
    const fetch = async () => {
      const token = jwt(user, (fetches += 1));
      if (fetches > 1) await new Promise<void>((resolve) => (answer = resolve));
      return { token };
    };
    startWorker({ accessToken: { kind: 'endpoint', fetch } });
    await liveTab('a', 'ann');
    user = 'bob';
    const pages = [await openTab('b'), await openTab('c'), await openTab('d')];
    const attached = pages.map((page) => page.attach(OPS, { identity: 'bob' }));
    await quiet();
    answer();
    await quiet();
    await clock.advanceBy(2_000);
    for (const reply of attached) expect(await reply).toMatchObject({ ok: true });
    expect(fetches).toBe(2);
  });

  it('comes all the same when the last page of the user before goes while the issuer is asked', async () => {
    const answers: (() => void)[] = [];
    const fetch = () =>
      new Promise<{ token: string }>((resolve) => {
        const token = jwt(user, (fetches += 1));
        answers.push(() => resolve({ token }));
      });
    startWorker({ accessToken: { kind: 'endpoint', fetch } });
    const a = await openTab('a');
    await a.attach(OPS, { identity: 'ann' });
    await until(() => answers.length === 1);
    answers[0]?.();
    await a.reaches(OPS, 'live');
    user = 'bob';
    const b = await openTab('b');
    const attached = b.attach(OPS, { identity: 'bob' });
    await until(() => answers.length === 2);
    await a.api.detach(OPS);
    expect(await attached).toMatchObject({ ok: true });
    await quiet();
    // Where refresh tokens rotate, a second request beside it would look like theft.
    expect(answers).toHaveLength(2);
    answers[1]?.();
    await until(() => answers.length === 3);
    answers[2]?.();
    await b.reaches(OPS, 'live');
  });

  it('does not get the connection that lingers after a reload', async () => {
    startWithEndpoint();
    const a = await liveTab('a', 'ann');
    a.die();
    await until(() => clock.pending > 0 && ops().held === 1);
    await quiet();
    user = 'bob';
    const b = await liveTab('b', 'bob');
    expect(b.statuses().at(-1)?.connectionId).toBe('connection-2');
    expect(ops().held).toBe(1);
    expect(fetches).toBe(2);
  });

  it('is let go when the first token names another one, and the others stay', async () => {
    let give: (token: string) => void = () => undefined;
    const fetch = () => new Promise<{ token: string }>((resolve) => (give = (token) => resolve({ token })));
    startWorker({ accessToken: { kind: 'endpoint', fetch } });
    const [a, b] = [await openTab('a'), await openTab('b')];
    await a.attach(OPS, { identity: 'bob' });
    await b.attach(OPS);
    await quiet();
    give(jwt('ann', 1));
    expect(await a.reaches(OPS, 'closed')).toMatchObject(CLOSED);
    await b.reaches(OPS, 'live');
    expect(b.statuses().at(-1)?.snapshot.subscribedTabs).toEqual(['b']);
  });
});

describe('where no token names a user', () => {
  it.each([
    ['opaque tokens of an endpoint', (): void => startWithEndpoint((n) => `opaque-token-${n}`), false],
    ['tokens of tabs', (): void => startWorker(), true],
    ['no tokens at all', (): void => startWorker(), false],
  ])(
    'the page that came last is right, and the one before is not right again (%s)',
    async (_, start, hasTokenFactory) => {
      start();
      const [a, b] = [await openTab('a'), await openTab('b')];
      await a.attach(OPS, { identity: 'ann', hasTokenFactory });
      await a.reaches(OPS, 'live');
      expect(await b.attach(OPS, { identity: 'bob', hasTokenFactory })).toMatchObject({ ok: true });
      await b.reaches(OPS, 'live');
      expect(await a.reaches(OPS, 'closed')).toMatchObject(CLOSED);
      expect(await a.attach(OPS, { identity: 'ann', hasTokenFactory })).toMatchObject({
        ok: false,
        error: { code: 'identity-changed' },
      });
      // Nor is it when it has left the worker meanwhile, as a page does that needs no hub.
      void a.api.leave();
      await quiet();
      const again = new FakeTab(worker, origin, 'a', 'hubshare:tab:a:2');
      tabs.push(again);
      await again.join();
      expect(await again.attach(OPS, { identity: 'ann', hasTokenFactory })).toMatchObject({ ok: false });
      expect(b.statuses().at(-1)?.phase).toBe('live');

      // A page that has loaded anew shows who is signed in: it may.
      const c = await openTab('c');
      expect(await c.attach(OPS, { identity: 'ann', hasTokenFactory })).toMatchObject({ ok: true });
      await c.reaches(OPS, 'live');
      expect(await b.reaches(OPS, 'closed')).toMatchObject(CLOSED);
    },
  );
});

describe('the fence', () => {
  it('rejects calls, joins and claims, and drops whatever the old connection still says', async () => {
    startWithEndpoint();
    const a = await liveTab('a');
    await a.attach(OPS, { methods: ['metric'], topics: { metric: METRIC } });
    const socket = ops().socket;
    const outcomes = [a.api.invoke(a.call(OPS, 'Slow')), a.api.stream(a.call(OPS, 'Ticks'))];
    const joined = a.api.joinTopic(OPS, 'metric', 'cpu');
    await until(() => ops().invocations.length === 2 && ops().streams.length === 1);
    ops().hangsOnStop = true;
    const before = a.told.length;
    const signedOut = a.api.signOut();
    for (const outcome of [...outcomes, joined])
      expect((await outcome).reply).toMatchObject({ ok: false, error: { code: 'signed-out' } });
    socket.emit('metric', [{ name: 'cpu', of: 'ann' }]);
    for (const invocation of ops().invocations) await invocation.answer('of ann');
    await ops().streams[0]?.emit('of ann');
    await quiet();
    expect(a.told.slice(before).map(({ kind }) => kind)).toEqual(['status']);
    ops().hangsOnStop = false;
    await ops().finishStop();
    expect(await signedOut).toEqual({ ok: true, value: undefined });
    expect(clock.pending).toBe(0);
  });

  it('starts the next connection only when the old one is closed, with what the next tab wants', async () => {
    startWithEndpoint();
    const a = await liveTab('a');
    ops().hangsOnStop = true;
    const signedOut = a.api.signOut();
    await a.reaches(OPS, 'closed');
    await a.attach(OPS, { settings: { ...wishFor(OPS).settings, headers: { 'X-Tenant': 'two' } } });
    await quiet();
    expect(ops().sockets).toHaveLength(1);
    ops().hangsOnStop = false;
    await ops().finishStop();
    await a.reaches(OPS, 'live');
    expect(hubs.opened[1]?.settings.headers).toEqual({ 'X-Tenant': 'two' });
    expect(await signedOut).toMatchObject({ ok: true });
  });

  it('refuses a wish and a call that were sent before the tab knew', async () => {
    startWithEndpoint();
    const [a, b] = [await openTab('a'), await liveTab('b')];
    await a.attach(OPS, { attachment: 7 });
    await a.reaches(OPS, 'live');
    await b.api.signOut();
    expect(await a.attach(OPS, { attachment: 7, opens: false })).toMatchObject({ error: { code: 'signed-out' } });
    expect((await a.api.invoke(a.call(OPS, 'Add'))).reply).toMatchObject({ error: { code: 'signed-out' } });
    expect(await a.attach(OPS, { attachment: 8 })).toMatchObject({ ok: true });
  });

  it.each([
    ['before', 'it is back'],
    ['after', 'it is back'],
  ])('is told to a page that only seemed to be gone, when it went up %s %s', async (when) => {
    startWithEndpoint((n) => `opaque-token-${n}`);
    const a = await openTab('a');
    await a.attach(OPS, { attachment: 4 });
    await a.reaches(OPS, 'live');
    a.die();
    await until(() => clock.pending > 0);
    await quiet();
    const again = new FakeTab(worker, origin, 'a', 'hubshare:tab:a:2');
    tabs.push(again);
    if (when === 'after') await again.join();
    const b = await openTab('b');
    // Nobody can say whose the connection is that was left.
    await b.attach(OPS);
    await b.reaches(OPS, 'live');
    if (when === 'before') await again.join();
    expect(await again.attach(OPS, { attachment: 4 })).toMatchObject({
      ok: false,
      error: { code: 'identity-changed' },
    });
    expect(again.statuses()).toEqual([]);
    expect(await again.attach(OPS, { attachment: 5 })).toMatchObject({ ok: true });
  });

  it('is told to a page that had not heard of it when it was taken for gone', async () => {
    startWithEndpoint();
    const [a, b] = [await openTab('a'), await liveTab('b')];
    await a.attach(OPS, { attachment: 4 });
    await a.reaches(OPS, 'live');
    void a.park('frozen');
    await quiet();
    await b.api.signOut();
    a.die();
    await quiet();
    const again = new FakeTab(worker, origin, 'a', 'hubshare:tab:a:2');
    tabs.push(again);
    await again.join();
    await b.attach(OPS);
    await b.reaches(OPS, 'live');
    expect(await again.attach(OPS, { attachment: 4 })).toMatchObject({ ok: false, error: { code: 'signed-out' } });
    expect(await again.attach(OPS, { attachment: 5 })).toMatchObject({ ok: true });
  });

  it('withholds a result for good that waited for its page, also when that page had let the hub go before', async () => {
    startWithEndpoint();
    const [a, b] = [await liveTab('a'), await liveTab('b')];
    const outcome = a.api.invoke(a.call(OPS, 'Slow'));
    await until(() => ops().invocations.length === 1);
    void a.park('frozen');
    await quiet();
    await ops().invocations[0]?.answer('of ann');
    void a.api.detach(OPS);
    await quiet();
    await b.api.signOut();
    await a.api.unpark();
    expect((await outcome).reply).toMatchObject({ ok: false, error: { code: 'signed-out' } });
  });

  it('does not give a page that was frozen what it had asked before, and tells it why with its return', async () => {
    startWithEndpoint();
    const [a, b] = [await liveTab('a'), await liveTab('b')];
    const outcome = a.api.invoke(a.call(OPS, 'Slow'));
    await until(() => ops().invocations.length === 1);
    void a.park('frozen');
    await quiet();
    await ops().emit('metric', 'of ann');
    await ops().invocations[0]?.answer('of ann');
    const told = a.told.length;
    await b.api.signOut();
    await quiet();
    expect(a.told).toHaveLength(told);
    expect(await a.api.unpark()).toEqual({
      ok: true,
      value: [{ hub: OPS, dropped: 0, fencedBy: expect.objectContaining({ code: 'signed-out' }) }],
    });
    expect((await outcome).reply).toMatchObject({ ok: false, error: { code: 'signed-out' } });
    await a.reaches(OPS, 'closed');
    expect(a.told.slice(told).map(({ kind }) => kind)).toEqual(['status']);
    // Told once.
    void a.park('frozen');
    expect(await a.api.unpark()).toEqual({ ok: true, value: [] });
  });

  it('tells a page why with its return that was frozen before it had dispatched what was posted', async () => {
    startWithEndpoint();
    const [a, b] = [await liveTab('a'), await liveTab('b')];
    for (const reads of [false, true]) {
      b.acknowledges = reads;
      await ops().emit('metric', 'of ann');
      const signedOut = a.api.signOut();
      await b.reaches(OPS, 'closed');
      await quiet();
      void b.park('frozen');
      expect(await b.api.unpark()).toEqual({
        ok: true,
        value: reads ? [] : [{ hub: OPS, dropped: 0, fencedBy: expect.objectContaining({ code: 'signed-out' }) }],
      });
      expect(await signedOut).toMatchObject({ ok: true });
      for (const tab of [a, b]) await tab.attach(OPS, { methods: ['metric'] });
      await b.reaches(OPS, 'live');
      b.acknowledge(Number.MAX_SAFE_INTEGER);
    }
  });

  it('waits for each tab that is awake to have dispatched its goodbye, and no longer than the limit', async () => {
    startWithEndpoint();
    const [a, b] = [await liveTab('a'), await liveTab('b')];
    b.acknowledges = false;
    let isOver = false;
    const signedOut = a.api.signOut().then(() => (isOver = true));
    await b.reaches(OPS, 'closed');
    await quiet();
    expect(isOver).toBe(false);
    const asked = b.frames.findLast((frame) => 'wantsAck' in frame && frame.wantsAck);
    b.acknowledge(asked !== undefined && 'last' in asked ? asked.last : 0);
    await signedOut;
    expect(clock.pending).toBe(0);

    await a.attach(OPS);
    await b.attach(OPS);
    await b.reaches(OPS, 'live');
    const late = a.api.signOut();
    await b.reaches(OPS, 'closed');
    await quiet();
    await clock.advanceBy(FENCE_WAIT_MS);
    expect(await late).toMatchObject({ ok: true });
  });

  it('has a second sign-out wait for the tabs that have not had the last of what the first one has ended', async () => {
    startWithEndpoint();
    const [a, b] = [await liveTab('a'), await liveTab('b')];
    b.acknowledges = false;
    await ops().emit('metric', 'of ann');
    const over: string[] = [];
    const first = a.api.signOut().then(() => over.push('first'));
    await b.reaches(OPS, 'closed');
    const second = a.api.signOut().then(() => over.push('second'));
    await quiet();
    expect(over).toEqual([]);
    b.acknowledge(Number.MAX_SAFE_INTEGER);
    await Promise.all([first, second]);
    expect(clock.pending).toBe(0);
  });

  it('does not wait for a tab that is parked', async () => {
    startWithEndpoint();
    const [a, b] = [await liveTab('a'), await liveTab('b')];
    b.acknowledges = false;
    void b.park('frozen');
    await quiet();
    expect(await a.api.signOut()).toMatchObject({ ok: true });
    expect(clock.pending).toBe(0);
  });

  it('takes along a token that is on its way, and a start that waits for one', async () => {
    let give: (token: string) => void = () => undefined;
    const fetch = () => new Promise<{ token: string }>((resolve) => (give = (token) => resolve({ token })));
    startWorker({ accessToken: { kind: 'endpoint', fetch } });
    const a = await openTab('a');
    await a.attach(OPS);
    await quiet();
    await a.api.signOut();
    give(jwt('ann', 1));
    await quiet();
    expect(ops().sockets).toEqual([]);
    expect(a.statuses().at(-1)).toMatchObject({ phase: 'closed', error: { code: 'signed-out' } });
  });

  it('leaves the connection that is being closed its own token, and has nobody asked for another', async () => {
    startWithEndpoint();
    const a = await liveTab('a');
    const [first] = hubs.opened;
    const own = await first?.bearer.get();
    user = 'bob';
    await a.api.refreshTokenNow(OPS);
    await a.reaches(OPS, 'closed');
    expect([await first?.bearer.get(), first?.bearer.peek()]).toEqual([own, own]);

    await a.attach(OPS);
    await a.reaches(OPS, 'live');
    const second = hubs.opened[1];
    const next = await second?.bearer.get();
    expect(next).not.toBe(own);
    await a.api.signOut();
    // Long polling says goodbye by a request, which may be refused.
    expect(await second?.bearer.get()).toBe(next);
    expect(await second?.bearer.replace(next ?? '')).toBeNull();
    expect(fetches).toBe(3);
  });

  it.each([true, false])('so with tokens of tabs, and none where there was none (%s)', async (hasTokenFactory) => {
    startWorker();
    const a = await openTab('a');
    await a.attach(OPS, { hasTokenFactory });
    await a.reaches(OPS, 'live');
    const [socket] = hubs.opened;
    const own = await socket?.bearer.get();
    expect(own).toBe(hasTokenFactory ? 'a-token-of-the-tab' : null);
    await a.api.signOut();
    expect(await socket?.bearer.get()).toBe(own);
    expect(a.asked).toHaveLength(hasTokenFactory ? 1 : 0);
  });

  it('has no token asked for by a start that waited for the connection before', async () => {
    startWithEndpoint();
    const a = await liveTab('a');
    ops().hangsOnStop = true;
    const first = a.api.signOut();
    await a.attach(OPS);
    const second = a.api.signOut();
    await quiet();
    ops().hangsOnStop = false;
    await ops().finishStop();
    expect([await first, await second]).toMatchObject([{ ok: true }, { ok: true }]);
    await quiet();
    expect(fetches).toBe(1);
    expect(ops().sockets).toHaveLength(1);
  });

  it('has no token asked for by a page of another user that waits to be let in', async () => {
    let hangs = false;
    const fetch = () => {
      fetches += 1;
      return hangs ? new Promise<never>(() => undefined) : Promise.resolve({ token: jwt(user, fetches) });
    };
    startWorker({ accessToken: { kind: 'endpoint', fetch } });
    const a = await liveTab('a', 'ann');
    hangs = true;
    void a.api.refreshTokenNow(OPS);
    const [b, c] = [await openTab('b'), await openTab('c')];
    const waiting = [b.attach(OPS, { identity: 'bob' }), c.attach(OPS, { identity: 'carol' })];
    await quiet();
    await a.api.signOut();
    await clock.advanceBy(5_000);
    for (const attached of waiting) expect(await attached).toMatchObject({ ok: false, error: { code: 'signed-out' } });
    expect(fetches).toBe(2);
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['tokens of tabs that name users', (): void => startWorker(), true],
    ['tokens of an endpoint that name users', (): void => startWithEndpoint(), false],
    ['opaque tokens', (): void => startWithEndpoint((n) => `opaque-token-${n}`), false],
  ])('one page signs in one user after the other, and the first again (%s)', async (_, start, hasTokenFactory) => {
    start();
    const [a, other] = [await openTab('a'), await openTab('other')];
    a.token = () => ({ ok: true, value: jwt(user, (fetches += 1)) });
    for (const says of [true, false]) {
      for (const name of ['ann', 'bob', 'ann', 'bob']) {
        user = name;
        const identity = says ? name : null;
        expect(await a.attach(OPS, { identity, hasTokenFactory })).toMatchObject({ ok: true });
        await a.reaches(OPS, 'live');
        // A page beside it that shows whatever was shown at first.
        if (fetches === 1) await other.attach(OPS, { identity, hasTokenFactory });
        expect(await a.api.signOut()).toMatchObject({ ok: true });
        await a.reaches(OPS, 'closed');
      }
    }
    expect(fetches).toBe(8);
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['tokens of tabs', (): void => startWorker(), true],
    ['tokens of an endpoint that name users', (): void => startWithEndpoint(), false],
    ['opaque tokens', (): void => startWithEndpoint((n) => `opaque-token-${n}`), false],
  ])(
    'so it does when it has not let the hub go in between, for it was at rest (%s)',
    async (_, start, hasTokenFactory) => {
      start();
      const a = await openTab('a');
      a.token = () => ({ ok: true, value: jwt(user, (fetches += 1)) });
      for (const name of ['ann', 'bob', 'ann', 'bob']) {
        user = name;
        const attached = a.attach(OPS, { identity: name, hasTokenFactory });
        await quiet();
        await clock.advanceBy(1_000);
        expect(await attached).toMatchObject({ ok: true });
        await until(() => ops().held === 1 && a.statuses().at(-1)?.phase === 'live');
      }
      expect(ops().sockets).toHaveLength(4);
    },
  );

  it('a page that was signed out by another one does not take the hub from the user who came next', async () => {
    startWithEndpoint((n) => `opaque-token-${n}`);
    const [a, b] = [await liveTab('a', 'ann'), await liveTab('b', 'ann')];
    await a.api.signOut();
    await a.attach(OPS, { identity: 'bob' });
    await a.reaches(OPS, 'live');
    expect(await b.attach(OPS, { identity: 'ann' })).toMatchObject({ ok: false, error: { code: 'identity-changed' } });
    expect(a.statuses().at(-1)?.phase).toBe('live');

    // Unless it signs out itself before it signs in.
    await b.api.signOut();
    await a.attach(OPS, { identity: 'carol' });
    expect(await b.attach(OPS, { identity: 'ann' })).toMatchObject({ ok: true });
    await b.reaches(OPS, 'live');
  });

  it('writes no name of a user anywhere', async () => {
    startWithEndpoint();
    const a = await liveTab('a', 'ann');
    user = 'bob';
    await liveTab('b', 'bob');
    const report = await a.api.nextReport(0, 0);
    expect(JSON.stringify([report, a.frames])).not.toMatch(/ann|bob/);
    expect(JSON.stringify(report)).toContain('another user has come');
  });
});
