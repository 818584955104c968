/** A page that does not say whom it shows, and comes to hubs that no page uses just now. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HubshareError, wireError } from '../src/contract/errors.js';
import { COMPARE_MS } from '../src/contract/timing.js';
import { createCoordinator, type Coordinator } from './coordinator.js';
import type { ServeHubsOptions } from './serve-options.js';
import { FakeClock } from './testing/fake-clock.js';
import { FakeHubs, type FakeHub } from './testing/fake-hub.js';
import { FakeLocks } from './testing/fake-locks.js';
import { FakeTab } from './testing/fake-tab.js';
import { quiet, until } from './testing/settle.js';

let hubs = new FakeHubs();

vi.mock('./hub/signalr-socket.js', () => ({
  openSignalRSocket: (...args: Parameters<FakeHubs['open']>) => hubs.open(...args),
}));

const OPS = 'https://h.test/hubs/ops';
const CHAT = 'https://h.test/hubs/chat';
const jwt = (sub: string, n: number): string =>
  `h.${Buffer.from(JSON.stringify({ sub, jti: n })).toString('base64url')}.s${n}`;

let origin: FakeLocks;
let clock: FakeClock;
let tabs: FakeTab[];
let worker: Coordinator;
/** Who is signed in. */
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

function startWithEndpoint(token = (n: number): string => jwt(user, n)): void {
  const fetch = () => Promise.resolve({ token: token((fetches += 1)), expiresInSeconds: 3_600 });
  startWorker({ accessToken: { kind: 'endpoint', fetch } });
}

async function openTab(id: string): Promise<FakeTab> {
  const tab = new FakeTab(worker, origin, id);
  tabs.push(tab);
  tab.token = () => ({ ok: true, value: jwt(user, (fetches += 1)) });
  expect(await tab.join()).toMatchObject({ ok: true });
  return tab;
}

async function liveTab(id: string, hasTokenFactory = false): Promise<FakeTab> {
  const tab = await openTab(id);
  expect(await tab.attach(OPS, { hasTokenFactory })).toMatchObject({ ok: true });
  await tab.reaches(OPS, 'live');
  return tab;
}

/** The page is gone, as by a navigation: its connection lingers. */
async function leaves(tab: FakeTab): Promise<void> {
  tab.die();
  await until(() => clock.pending > 0 && ops().held === 1);
  await quiet();
}

const connectionOf = (tab: FakeTab): string | null | undefined => tab.statuses().at(-1)?.connectionId;

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

describe.each([
  ['tokens of an endpoint', startWithEndpoint, false],
  ['tokens of tabs', () => startWorker(), true],
] as const)('%s that name users', (_, start, hasTokenFactory) => {
  async function frozenTab(how: 'cached' | 'frozen' = 'frozen'): Promise<FakeTab> {
    const tab = await liveTab('a', hasTokenFactory);
    void tab.park(how);
    await quiet();
    return tab;
  }

  it.each(['ann', 'bob'])('after the last page has gone, %s has a connection of their own', async (next) => {
    start();
    await leaves(await liveTab('a', hasTokenFactory));
    user = next;
    const b = await liveTab('b', hasTokenFactory);
    expect(b.statuses().map(({ connectionId }) => connectionId)).not.toContain('connection-1');
    expect(connectionOf(b)).toBe('connection-2');
    expect([ops().held, fetches]).toEqual([1, 2]);
    await clock.advanceBy(60_000);
    expect(ops().held).toBe(1);
  });

  it.each(['cached', 'frozen'] as const)(
    'beside a page that is %s another user has a connection of its own',
    async (how) => {
      start();
      const a = await frozenTab(how);
      user = 'bob';
      const b = await liveTab('b', hasTokenFactory);
      expect(connectionOf(b)).toBe('connection-2');
      await ops().emit('metric', 'of bob');
      expect(await a.api.unpark()).toMatchObject({ value: [{ fencedBy: { code: 'identity-changed' } }] });
      await quiet();
      expect(a.events()).toEqual([]);
    },
  );

  it('the same user beside a page that is frozen joins its connection, for one token, and that page notices nothing', async () => {
    start();
    const a = await frozenTab();
    const b = await liveTab('b', hasTokenFactory);
    expect([connectionOf(b), fetches]).toEqual(['connection-1', 2]);
    expect(await a.api.unpark()).toMatchObject({ value: [{ fencedBy: null }] });
  });

  it('beside a page that runs no token is asked for, also when it is hidden', async () => {
    start();
    const a = await liveTab('a', hasTokenFactory);
    await liveTab('b', hasTokenFactory);
    void a.park('hidden');
    await quiet();
    await liveTab('c', hasTokenFactory);
    expect([ops().sockets.length, fetches]).toEqual([1, 1]);
  });

  it('another hub that lingers is not joined either when the last tab of one lets it go', async () => {
    start();
    const [a, keeper] = [await openTab('a'), await openTab('keeper')];
    for (const [tab, hub] of [
      [a, CHAT],
      [keeper, OPS],
    ] as const) {
      await tab.attach(hub, { hasTokenFactory });
      await tab.reaches(hub, 'live');
    }
    a.die();
    await until(() => clock.pending > 0);
    await quiet();
    void keeper.api.detach(OPS);
    await until(() => ops().held === 0);
    expect(hubs.at(CHAT).held, 'it lingers').toBe(1);
    user = 'bob';
    for (const identity of ['bob', null]) {
      const b = await openTab(`b-${identity}`);
      expect(await b.attach(CHAT, { hasTokenFactory, identity })).toMatchObject({ ok: true });
      await b.reaches(CHAT, 'live');
      expect(connectionOf(b)).toBe('connection-2');
    }
  });

  it('pages that come at once beside one that is frozen join it together', async () => {
    start();
    await frozenTab();
    const pages = await Promise.all(['b', 'c', 'd'].map(openTab));
    const attached = pages.map((page) => page.attach(OPS, { hasTokenFactory }));
    await quiet();
    await clock.advanceBy(1_000);
    for (const reply of await Promise.all(attached)) expect(reply.ok).toBe(true);
    for (const page of pages) await page.reaches(OPS, 'live');
    expect(new Set(pages.map(connectionOf))).toEqual(new Set(['connection-1']));
    expect(fetches).toBe(hasTokenFactory ? 4 : 2);
  });

  it('so do pages of another user, and none of them ends the connection of the other', async () => {
    start();
    await frozenTab();
    user = 'bob';
    const pages = await Promise.all(['b', 'c', 'd'].map(openTab));
    const attached = pages.map((page) => page.attach(OPS, { hasTokenFactory }));
    await quiet();
    await clock.advanceBy(1_000);
    for (const reply of await Promise.all(attached)) expect(reply.ok).toBe(true);
    for (const page of pages) await page.reaches(OPS, 'live');
    expect(new Set(pages.map(connectionOf))).toEqual(new Set(['connection-2']));
    for (const page of pages) expect(page.statuses().map(({ phase }) => phase)).not.toContain('closed');
    expect(ops().held).toBe(1);
  });

  it('a page that stops running while it is compared is let in once, whatever it does', async () => {
    start();
    const a = await frozenTab('cached');
    const b = await openTab('b');
    const attached = b.attach(OPS, { hasTokenFactory });
    void b.park('cached');
    await quiet();
    await clock.advanceBy(60_000);
    await quiet();
    expect(fetches).toBeLessThanOrEqual(3);
    expect(await b.api.unpark()).toMatchObject({ ok: true });
    expect(await attached).toMatchObject({ ok: true });
    expect(await a.api.unpark()).toMatchObject({ ok: true });
  });

  it('where nobody says in time who is signed in, the page has a connection of its own, that is tried as any other', async () => {
    let answers = true;
    if (hasTokenFactory) start();
    else {
      const fetch = () =>
        answers ? Promise.resolve({ token: jwt(user, (fetches += 1)) }) : new Promise<never>(() => undefined);
      startWorker({ accessToken: { kind: 'endpoint', fetch } });
    }
    const a = await frozenTab();
    answers = false;
    const b = await openTab('b');
    b.token = () => new Promise<never>(() => undefined);
    const attached = b.attach(OPS, { hasTokenFactory });
    await quiet();
    await clock.advanceBy(COMPARE_MS - 1);
    expect(b.statuses()).toEqual([]);
    await clock.advanceBy(1);
    expect(await attached).toMatchObject({ ok: true });
    await b.reaches(OPS, 'starting');
    expect(b.statuses().map(({ connectionId }) => connectionId)).not.toContain('connection-1');
    expect(await a.api.unpark()).toMatchObject({ value: [{ fencedBy: { code: 'identity-changed' } }] });
  });

  it('where it fails, so too', async () => {
    let fails = false;
    if (hasTokenFactory) start();
    else {
      const fetch = () =>
        fails ? Promise.reject(new Error('down')) : Promise.resolve({ token: jwt(user, (fetches += 1)) });
      startWorker({ accessToken: { kind: 'endpoint', fetch } });
    }
    await frozenTab();
    fails = true;
    const b = await openTab('b');
    b.token = () => ({ ok: false, error: { code: 'token-unavailable', message: 'down' } }) as never;
    expect(await b.attach(OPS, { hasTokenFactory })).toMatchObject({ ok: true });
    // As a first start that fails.
    await until(() => b.statuses().at(-1)?.error?.code === 'token-unavailable');
    expect(ops().sockets).toHaveLength(1);
  });

  it('a sign-out while it is compared ends its wish', async () => {
    let isFirst = true;
    let waits = false;
    const hang = (): Promise<never> => new Promise(() => (waits = true));
    if (hasTokenFactory) start();
    else {
      const fetch = () => (isFirst ? Promise.resolve({ token: jwt(user, (fetches += 1)) }) : hang());
      startWorker({ accessToken: { kind: 'endpoint', fetch } });
    }
    const a = await frozenTab();
    isFirst = false;
    const b = await openTab('b');
    b.token = hang;
    const attached = b.attach(OPS, { hasTokenFactory });
    await until(() => waits);
    const other = await openTab('other');
    expect(await other.api.signOut()).toMatchObject({ ok: true });
    await clock.advanceBy(60_000);
    expect(await attached).toMatchObject({ ok: false, error: { code: 'signed-out' } });
    expect(await a.api.unpark()).toMatchObject({ value: [{ fencedBy: { code: 'signed-out' } }] });
    await quiet();
    expect([ops().held, clock.pending]).toEqual([0, 0]);
  });
});

describe('beside what nobody has said anything of', () => {
  it.each([
    ['lingers', 'bob'],
    ['is frozen', 'bob'],
    ['lingers', null],
  ])('a connection with opaque tokens that %s is not given to a page that shows %s', async (how, identity) => {
    startWithEndpoint((n) => `opaque-token-${n}`);
    const a = await liveTab('a');
    if (how === 'lingers') await leaves(a);
    else {
      void a.park('frozen');
      await quiet();
    }
    const b = await openTab('b');
    expect(await b.attach(OPS, { identity })).toMatchObject({ ok: true });
    await b.reaches(OPS, 'live');
    expect(connectionOf(b)).toBe('connection-2');
  });

  it.each(['dies', 'is frozen'])('nor is a token that is on its way for a page that %s', async (how) => {
    const answers: (() => void)[] = [];
    const fetch = () => {
      const token = jwt(user, (fetches += 1));
      return new Promise<{ token: string }>((resolve) => answers.push(() => resolve({ token })));
    };
    startWorker({ accessToken: { kind: 'endpoint', fetch } });
    const a = await openTab('a');
    await a.attach(OPS);
    await until(() => answers.length === 1);
    if (how === 'dies') a.die();
    else void a.park('frozen');
    await quiet();
    user = 'bob';
    const b = await openTab('b');
    expect(await b.attach(OPS)).toMatchObject({ ok: true });
    answers[0]?.();
    await until(() => answers.length === 2);
    answers[1]?.();
    await b.reaches(OPS, 'live');
    expect((await hubs.opened.at(-1)?.bearer.get())?.split('.')[2]).toBe('s2');
  });

  it('a page that was left before an opaque token came is told when one has', async () => {
    let isSignedIn = false;
    const fetch = () => (isSignedIn ? Promise.resolve({ token: 'opaque-token' }) : Promise.reject(new Error('nobody')));
    startWorker({ accessToken: { kind: 'endpoint', fetch } });
    const a = await openTab('a');
    await a.attach(OPS, { methods: ['metric'] });
    await until(() => a.statuses().at(-1)?.error?.code === 'token-unavailable');
    void a.park('cached');
    await quiet();
    isSignedIn = true;
    await liveTab('b');
    expect(await a.api.unpark()).toMatchObject({ value: [{ fencedBy: { code: 'identity-changed' } }] });
  });
});

describe('while it is compared', () => {
  const hangs = (): Promise<never> => new Promise(() => undefined);

  /** The endpoint gives one token and hangs from then on; the page that had it is frozen. */
  async function startFrozen(): Promise<FakeTab> {
    const fetch = () => (fetches === 0 ? Promise.resolve({ token: jwt(user, (fetches += 1)) }) : hangs());
    startWorker({ accessToken: { kind: 'endpoint', fetch } });
    const a = await liveTab('a');
    void a.park('frozen');
    await quiet();
    return a;
  }

  it('a wish that waits behind another one of the same page ends with a sign-out too', async () => {
    await startFrozen();
    const b = await openTab('b');
    const wishes = [b.attach(OPS), b.attach(OPS, { attachment: 2 })];
    await quiet();
    const other = await openTab('other');
    expect(await other.api.signOut()).toMatchObject({ ok: true });
    await clock.advanceBy(60_000);
    for (const wish of wishes) expect(await wish).toMatchObject({ ok: false, error: { code: 'signed-out' } });
    await quiet();
    expect([ops().held, clock.pending]).toEqual([0, 0]);
  });

  it('the page waits no longer for a question that another page has asked', async () => {
    await startFrozen();
    const other = await openTab('other');
    void other.attach(OPS, { identity: 'bob' });
    await quiet();
    const b = await openTab('b');
    const attached = b.attach(OPS);
    await quiet();
    await clock.advanceBy(COMPARE_MS);
    expect(await attached).toMatchObject({ ok: true });
  });

  it('a page that has gone meanwhile fences nobody', async () => {
    const a = await startFrozen();
    const b = await openTab('b');
    void b.attach(OPS);
    await quiet();
    b.die();
    await quiet();
    await clock.advanceBy(COMPARE_MS);
    expect(await a.api.unpark()).toMatchObject({ value: [{ fencedBy: null }] });
    await quiet();
    expect(ops().held).toBe(1);
  });

  it('a source that says by itself that the user has signed out is believed once', async () => {
    const fetch = () => {
      fetches += 1;
      return fetches === 1
        ? Promise.resolve({ token: jwt(user, 1) })
        : Promise.reject(new HubshareError(wireError('signed-out', 'No session.', {})));
    };
    startWorker({ accessToken: { kind: 'endpoint', fetch } });
    const a = await liveTab('a');
    const c = await openTab('c');
    const refused = c.attach(OPS, { identity: 'carol' });
    await quiet();
    expect(await refused).toMatchObject({ ok: false, error: { code: 'signed-out' } });
    void a.park('frozen');
    const b = await openTab('b');
    const attached = b.attach(OPS);
    await quiet();
    await clock.advanceBy(1_000);
    expect(await attached).toMatchObject({ ok: true });
    expect(fetches).toBeLessThanOrEqual(4);
  });
});

describe('tokens that say less', () => {
  it('a token that names nobody is not taken for one of the user before', async () => {
    let isNamed = true;
    startWithEndpoint((n) => (isNamed ? jwt(user, n) : `opaque-token-${n}`));
    const a = await liveTab('a');
    void a.park('frozen');
    await quiet();
    isNamed = false;
    expect(connectionOf(await liveTab('b'))).toBe('connection-2');
  });

  it('a connection whose token was refused is not everybody’s', async () => {
    startWithEndpoint((n) => `opaque-token-${n}`);
    const a = await liveTab('a');
    await hubs.opened[0]?.bearer.get();
    hubs.opened[0]?.bearer.refuse('opaque-token-1');
    await leaves(a);
    expect(connectionOf(await liveTab('b'))).toBe('connection-2');
  });

  it('where none names a user, a page that comes after the last has gone has a connection of its own', async () => {
    startWithEndpoint((n) => `opaque-token-${n}`);
    await leaves(await liveTab('a'));
    const b = await liveTab('b');
    expect(connectionOf(b)).toBe('connection-2');
    expect([ops().held, fetches]).toEqual([1, 2]);
  });

  it('a hub for which a page has tokens is not used without, because that page has gone', async () => {
    startWorker();
    const [a, b] = [await openTab('a'), await openTab('b')];
    let isAsked = false;
    a.token = () => new Promise<never>(() => (isAsked = true));
    await a.attach(OPS, { hasTokenFactory: true });
    await until(() => isAsked);
    await b.attach(OPS);
    a.die();
    await until(() => b.statuses().at(-1)?.error?.code === 'token-unavailable');
    expect(ops().sockets).toEqual([]);
  });

  it('but a page that is frozen keeps its connection', async () => {
    startWithEndpoint((n) => `opaque-token-${n}`);
    const a = await liveTab('a');
    void a.park('frozen');
    await quiet();
    expect(connectionOf(await liveTab('b'))).toBe('connection-1');
    expect(await a.api.unpark()).toMatchObject({ value: [{ fencedBy: null }] });
  });

  it('an anonymous hub is everybody’s', async () => {
    startWorker();
    await leaves(await liveTab('a'));
    expect(connectionOf(await liveTab('b'))).toBe('connection-1');
    expect(fetches).toBe(0);
  });

  it.each([true, false])(
    'a page without tokens does not get a connection that had one (frozen: %s)',
    async (frozen) => {
      startWorker();
      const a = await liveTab('a', true);
      if (frozen) {
        void a.park('frozen');
        await quiet();
      } else await leaves(a);
      const b = await liveTab('b', false);
      expect(connectionOf(b)).toBe('connection-2');
      expect(await hubs.opened[1]?.bearer.get()).toBeNull();
    },
  );

  it('a page that was left before anybody had signed in is told when somebody has', async () => {
    let isSignedIn = false;
    const fetch = () =>
      isSignedIn ? Promise.resolve({ token: jwt(user, (fetches += 1)) }) : Promise.reject(new Error('nobody'));
    startWorker({ accessToken: { kind: 'endpoint', fetch } });
    const a = await openTab('a');
    await a.attach(OPS, { methods: ['metric'] });
    await until(() => a.statuses().at(-1)?.error?.code === 'token-unavailable');
    void a.park('cached');
    await quiet();
    isSignedIn = true;
    user = 'bob';
    await liveTab('b');
    await ops().emit('metric', 'of bob');
    expect(await a.api.unpark()).toMatchObject({ value: [{ fencedBy: { code: 'identity-changed' } }] });
    await quiet();
    expect(a.events()).toEqual([]);
  });
});
