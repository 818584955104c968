/** The rows of the founding documents on tokens, against a whole worker; only the sockets to the hubs are fakes. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TokenRejectedError, wireError } from '../../src/contract/errors.js';
import { createCoordinator, type Coordinator } from '../coordinator.js';
import type { ServeHubsOptions } from '../serve-options.js';
import { FakeClock } from '../testing/fake-clock.js';
import { FakeHubs } from '../testing/fake-hub.js';
import { FakeLocks } from '../testing/fake-locks.js';
import { FakeTab, PLAIN_SETTINGS } from '../testing/fake-tab.js';
import { quiet, until } from '../testing/settle.js';
import type { FetchedToken } from './token-source.js';

let hubs = new FakeHubs();

vi.mock('../hub/signalr-socket.js', () => ({
  openSignalRSocket: (...args: Parameters<FakeHubs['open']>) => hubs.open(...args),
}));

const OPS = 'https://h.test/hubs/ops';
const CHAT = 'https://h.test/hubs/chat';
const HOUR_MS = 3_600_000;

let origin: FakeLocks;
let clock: FakeClock;
let tabs: FakeTab[];

beforeEach(() => {
  origin = new FakeLocks();
  clock = new FakeClock(1_800_000_000_000);
  tabs = [];
  hubs = new FakeHubs();
});
afterEach(() => {
  for (const tab of tabs) tab.closePorts();
});

function startWorker(options: ServeHubsOptions = {}): Coordinator {
  return createCoordinator(
    { maxSpacingMs: 0, ...options },
    {
      clock,
      locks: origin.client('worker'),
      random: () => 0,
      randomId: () => 'boot',
      nextTask: (run) => setTimeout(run),
    },
  );
}

async function openTab(worker: Coordinator, id: string): Promise<FakeTab> {
  const tab = new FakeTab(worker, origin, id);
  tabs.push(tab);
  const reply = await tab.join();
  if (!reply.ok) throw new Error(reply.error.message);
  return tab;
}

/** A worker that fetches its tokens itself, and one tab. */
async function setUp(lifeSeconds = 300) {
  let fetches = 0;
  const fetch = vi.fn(async (): Promise<FetchedToken> => ({
    token: `token-number-${++fetches}`,
    expiresInSeconds: lifeSeconds,
  }));
  const worker = startWorker({ accessToken: { kind: 'endpoint', fetch }, reconnect: { delaysMs: [0], spreadMs: 0 } });
  const tab = await openTab(worker, 'a');
  return { worker, tab, fetch };
}

async function setUpLive(lifeSeconds?: number) {
  const parts = await setUp(lifeSeconds);
  await parts.tab.attach(OPS);
  await parts.tab.reaches(OPS, 'live');
  return { ...parts, hub: hubs.at(OPS) };
}

/** What a request of the newest connection to this hub would carry. */
const carried = (url: string): string | null =>
  hubs.opened
    .filter((deps) => deps.url === url)
    .at(-1)
    ?.bearer.peek() ?? null;

const warn = (url: string): void =>
  hubs.opened
    .filter((deps) => deps.url === url)
    .at(-1)
    ?.onTokenExpiring(null);

describe('SEC-2', () => {
  it('checks the token before connecting: one that is nearly over is refreshed first', async () => {
    const { tab, fetch, hub } = await setUpLive();
    await tab.api.detach(OPS);
    await until(() => hub.held === 0);
    await tab.attach(CHAT);
    await tab.reaches(CHAT, 'live');
    expect(fetch).toHaveBeenCalledTimes(2);
    clock.jumpBy(299_000);
    await tab.attach(OPS);
    await tab.reaches(OPS, 'live');
    expect(fetch).toHaveBeenCalledTimes(3);
    expect(carried(OPS)).toBe('token-number-3');
  });

  it('refreshes 2 hours ahead, and hands the token to the live connection (SV-4)', async () => {
    const { fetch, hub } = await setUpLive(24 * 3_600);
    await clock.advanceBy(22 * HOUR_MS - 1);
    expect(fetch).toHaveBeenCalledTimes(1);
    await clock.advanceBy(1);
    expect(fetch).toHaveBeenCalledTimes(2);
    expect(hub.tokens).toEqual(['token-number-2']);
    expect(hub.starts).toHaveLength(1);
  });
});

describe('SEC-7', () => {
  it('E-001: a token that expired while connected is refreshed, and the connection comes back with the new one', async () => {
    const { tab, fetch, hub } = await setUpLive();
    // The machine slept: no timer ran.
    clock.jumpBy(HOUR_MS);
    await hub.close(true, 'Authentication expired');
    await clock.advanceBy(0);
    await until(() => hub.starts.length === 2);
    await tab.reaches(OPS, 'live');
    expect(fetch).toHaveBeenCalledTimes(2);
    expect(carried(OPS)).toBe('token-number-2');
    expect(tab.statuses(OPS).at(-1)?.authenticationRequired).toBe(false);
  });

  it.each(['', null, undefined])('E-002: a factory that gives %j is no anonymous connection', async (nothing) => {
    const worker = startWorker();
    const tab = await openTab(worker, 'a');
    tab.token = () => ({ ok: true, value: nothing as string });
    const settings = { ...PLAIN_SETTINGS, retryDelaysMs: [1_000] };
    await tab.attach(OPS, { hasTokenFactory: true, settings });
    await tab.reaches(OPS, 'waiting');
    await clock.advanceBy(1_000);
    await until(() => tab.asked.length === 2);
    // The attempts are used up: the hub was never asked, the app is told, and nothing goes on by itself.
    expect(await tab.reaches(OPS, 'resting')).toMatchObject({
      authenticationRequired: true,
      error: { code: 'token-unavailable' },
    });
    expect(hubs.opened).toEqual([]);
    await quiet();
    expect(clock.pending).toBe(0);

    tab.token = () => ({ ok: true, value: 'token-after-sign-in' });
    await tab.attach(OPS, { hasTokenFactory: true, settings });
    expect(await tab.reaches(OPS, 'live')).toMatchObject({ authenticationRequired: false });
    expect(carried(OPS)).toBe('token-after-sign-in');
  });

  it('E-003: a hub that refuses the token and the one after it rests, and says that somebody has to sign in', async () => {
    const { tab, hub } = await setUpLive();
    hub.acceptsAtOnce = false;
    await hub.cut();
    await clock.advanceBy(0);
    await until(() => hub.starts.length === 2);
    await hub.refuse(new TokenRejectedError(wireError('token-rejected', 'Sign in.', { httpStatus: 401 })));
    expect(await tab.reaches(OPS, 'resting')).toMatchObject({ authenticationRequired: true });
    await quiet();
    // Neither an attempt nor a refresh goes on by itself.
    expect(clock.pending).toBe(0);
    await tab.api.online();
    await quiet();
    expect(hub.starts).toHaveLength(2);
  });

  it('FV-2: a reconnect after a refresh brings the new token', async () => {
    const { hub } = await setUpLive();
    expect(carried(OPS)).toBe('token-number-1');
    await clock.advanceBy(240_000);
    await hub.cut();
    await clock.advanceBy(0);
    await until(() => hub.starts.length === 2);
    expect(carried(OPS)).toBe('token-number-2');
  });
});

describe('US8-3: token.expiring', () => {
  it('of two hubs, and twice of each, is one refresh, though no tab listens to it', async () => {
    const { tab, fetch } = await setUpLive();
    await tab.attach(CHAT);
    await tab.reaches(CHAT, 'live');
    for (const url of [OPS, CHAT])
      hubs.opened
        .filter((deps) => deps.url === url)
        .at(-1)
        ?.bearer.peek();
    await clock.advanceBy(200_000);
    for (const url of [OPS, CHAT, OPS, CHAT]) warn(url);
    await clock.advanceBy(0);
    await until(() => hubs.at(CHAT).tokens.length === 1);
    expect(fetch).toHaveBeenCalledTimes(2);
    // Both have the new token now: what they said of the old one is over.
    for (const url of [OPS, CHAT]) expect(hubs.at(url).tokens).toEqual(['token-number-2']);
    for (const url of [OPS, CHAT]) warn(url);
    await clock.advanceBy(100_000);
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it('of a hub that says so every second is no storm', async () => {
    const { fetch } = await setUpLive();
    for (let second = 0; second < 900; second += 1) {
      warn(OPS);
      await clock.advanceBy(1_000);
    }
    // Half a life each, and no faster.
    expect(fetch.mock.calls.length).toBeLessThanOrEqual(7);
  });
});
