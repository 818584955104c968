/** Two workers of one origin: two builds of an app, or two names. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCoordinator, type Coordinator } from './coordinator.js';
import type { NewsChannel } from './hub/worker-news.js';
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
const TOKENS = 'https://app.test/auth/refresh';
const jwt = (sub: string, n: number): string =>
  `h.${Buffer.from(JSON.stringify({ sub, jti: n })).toString('base64url')}.s${n}`;

/** The broadcast channel of one origin. */
class Ether {
  readonly said: unknown[] = [];
  readonly #channels: NewsChannel[] = [];

  open(): NewsChannel {
    const channel: NewsChannel = { onmessage: null, postMessage: (news) => this.say(news, channel) };
    this.#channels.push(channel);
    return channel;
  }

  /** @param by - As a browser does, whoever says something does not hear it. */
  say(news: unknown, by?: NewsChannel): void {
    const data: unknown = structuredClone(news);
    this.said.push(data);
    for (const channel of this.#channels) if (channel !== by) setTimeout(() => channel.onmessage?.({ data } as never));
  }
}

let ether: Ether;
let origin: FakeLocks;
let clock: FakeClock;
let tabs: FakeTab[];
let user: string;
let fetches: number;
let workers: number;
const ops = (): FakeHub => hubs.at(OPS);

function startWorker(options: ServeHubsOptions = {}): Coordinator {
  const name = `worker-${(workers += 1)}`;
  return createCoordinator(
    { maxSpacingMs: 0, ...options },
    {
      clock,
      locks: origin.client(name),
      random: () => 0,
      randomId: () => `boot of ${name}`,
      nextTask: (run) => setTimeout(run),
      newsChannel: ether.open(),
    },
  );
}

const startWithEndpoint = (url = TOKENS): Coordinator =>
  startWorker({
    accessToken: {
      kind: 'endpoint',
      url,
      fetch: () => Promise.resolve({ token: jwt(user, (fetches += 1)), expiresInSeconds: 3_600 }),
    },
  });

async function liveTab(worker: Coordinator, id: string, hub = OPS, hasTokenFactory = false): Promise<FakeTab> {
  const tab = new FakeTab(worker, origin, id);
  tabs.push(tab);
  tab.token = () => ({ ok: true, value: jwt(user, (fetches += 1)) });
  expect(await tab.join()).toMatchObject({ ok: true });
  expect(await tab.attach(hub, { hasTokenFactory })).toMatchObject({ ok: true });
  await tab.reaches(hub, 'live');
  return tab;
}

const codeOf = (tab: FakeTab): string | null | undefined => {
  const last = tab.statuses().at(-1);
  return last?.phase === 'closed' ? (last.error?.code ?? null) : last?.phase;
};

beforeEach(() => {
  ether = new Ether();
  origin = new FakeLocks();
  clock = new FakeClock(1_000);
  tabs = [];
  hubs = new FakeHubs();
  user = 'ann';
  fetches = 0;
  workers = 0;
});
afterEach(() => {
  for (const tab of tabs) tab.closePorts();
});

describe('a sign-out in one worker', () => {
  it.each([
    ['the same token endpoint', () => startWithEndpoint(), () => startWithEndpoint(), false, CHAT],
    [
      'the same hub, though the token endpoint has moved',
      () => startWithEndpoint(),
      () => startWithEndpoint(`${TOKENS}/v2`),
      false,
      OPS,
    ],
    ['the same hub, with tokens of tabs', () => startWorker(), () => startWorker(), true, OPS],
    ['the same hub, with tokens of tabs in one of them', () => startWithEndpoint(), () => startWorker(), true, OPS],
    ['the same hub, without tokens', () => startWorker(), () => startWorker(), false, OPS],
  ])('is one in the others: %s', async (_, first, second, hasTokenFactory, hub) => {
    const a = await liveTab(first(), 'a', OPS, hasTokenFactory);
    const b = await liveTab(second(), 'b', hub, hasTokenFactory);
    const asked = fetches;
    const late = b.api.invoke(b.call(hub, 'Slow'));
    await until(() => hubs.at(hub).invocations.length === 1);
    expect(await a.api.signOut()).toMatchObject({ ok: true });
    await until(() => codeOf(b) === 'signed-out' && ops().held + hubs.at(CHAT).held === 0);
    expect((await late).reply).toMatchObject({ ok: false, error: { code: 'signed-out' } });
    expect(ether.said, 'it is not told on').toHaveLength(1);
    await quiet();
    expect(fetches, 'nobody is asked for a token').toBe(asked);

    user = 'bob';
    await b.attach(hub, { hasTokenFactory });
    await b.reaches(hub, 'live');
    expect(codeOf(a)).toBe('signed-out');
  });

  it.each([
    ['another token endpoint and another hub', () => startWithEndpoint(`${TOKENS}?tenant=2`), CHAT],
    ['another tenant of the hub', () => startWorker(), `${OPS}?tenant=2`],
    ['another hub, with tokens of tabs', () => startWorker(), CHAT],
  ])('is none where it concerns nobody: %s', async (_, second, hub) => {
    const a = await liveTab(startWithEndpoint(), 'a');
    const b = await liveTab(second(), 'b', hub);
    await a.api.signOut();
    await quiet();
    expect(codeOf(b)).toBe('live');
  });

  it('reaches the token that a worker holds while none of its tabs has a hub', async () => {
    const one = startWithEndpoint();
    const a = await liveTab(one, 'a');
    const b = await liveTab(startWithEndpoint(), 'b');
    user = 'bob';
    // Both know bob; b's pages were told, and none has come since.
    await b.api.refreshTokenNow(OPS);
    await until(() => codeOf(a) === 'identity-changed' && codeOf(b) === 'identity-changed');
    await a.attach(OPS);
    await a.reaches(OPS, 'live');
    await a.api.signOut();
    await quiet();
    const before = fetches;
    await b.attach(OPS);
    await b.reaches(OPS, 'live');
    expect(fetches).toBe(before + 1);
  });

  it('names no user and no token', async () => {
    const a = await liveTab(startWithEndpoint(), 'a', `${OPS}?tenant=7`);
    await a.api.signOut();
    expect(ether.said).toEqual([{ kind: 'signed-out', endpoint: TOKENS, hubs: [`${OPS}?tenant=7`] }]);
  });

  it('of one hub ends no wish for another', async () => {
    const worker = startWorker();
    const a = await liveTab(startWorker(), 'a', CHAT, true);
    const frozen = await liveTab(worker, 'frozen', OPS, true);
    void frozen.park('frozen');
    await liveTab(worker, 'chat', CHAT, true);
    let give: () => void = () => undefined;
    const b = new FakeTab(worker, origin, 'b');
    tabs.push(b);
    await b.join();
    b.token = () => new Promise((resolve) => (give = () => resolve({ ok: true, value: jwt('ann', 7) }))) as never;
    const attached = b.attach(OPS, { hasTokenFactory: true });
    await quiet();
    await a.api.signOut();
    await quiet();
    give();
    expect(await attached).toMatchObject({ ok: true });
  });
});

describe('another user who was noticed by one worker', () => {
  it('is noticed by the others, for one token each, and is not told on and on', async () => {
    const a = await liveTab(startWithEndpoint(), 'a');
    const b = await liveTab(startWithEndpoint(), 'b');
    user = 'bob';
    await a.api.refreshTokenNow(OPS);
    await until(() => codeOf(a) === 'identity-changed' && codeOf(b) === 'identity-changed');
    await quiet();
    await clock.advanceBy(10_000);
    expect(fetches).toBe(4);
    expect(ether.said).toHaveLength(1);
  });

  it('changes nothing where the tokens still name the same user', async () => {
    const a = await liveTab(startWorker(), 'a', OPS, true);
    const b = await liveTab(startWorker(), 'b', OPS, true);
    b.token = () => ({ ok: true, value: jwt('ann', 99) });
    user = 'bob';
    await a.api.refreshTokenNow(OPS);
    await until(() => codeOf(a) === 'identity-changed');
    await quiet();
    expect(codeOf(b)).toBe('live');
  });

  it('is no news where it was only that nobody could say whose the connection was', async () => {
    const worker = startWorker();
    const a = await liveTab(worker, 'a', OPS, true);
    await liveTab(startWorker(), 'b', OPS, true);
    void a.park('frozen');
    await quiet();
    await liveTab(worker, 'without-tokens', OPS);
    await a.api.unpark();
    await a.reaches(OPS, 'closed');
    expect(ether.said).toEqual([]);
  });

  it('is asked for in no hub that has no tokens', async () => {
    const b = await liveTab(startWorker(), 'b');
    ether.say({ kind: 'another-user', endpoint: null, hubs: [OPS] });
    await quiet();
    const report = await b.api.nextReport(0, 0);
    expect(report).toMatchObject({ value: { hubs: [{ token: { failures: 0 } }] } });
    expect(codeOf(b)).toBe('live');
  });

  it('is told by a hub while another one is looked into', async () => {
    const worker = startWorker();
    const ops = await liveTab(worker, 'ops', OPS, true);
    const chat = await liveTab(worker, 'chat', CHAT, true);
    ops.token = () => new Promise<never>(() => undefined);
    ether.say({ kind: 'another-user', endpoint: null, hubs: [OPS] });
    await quiet();
    user = 'bob';
    await chat.api.refreshTokenNow(CHAT);
    await until(() => codeOf(chat) === 'identity-changed');
    expect(ether.said.slice(1)).toEqual([
      { kind: 'another-user', endpoint: null, hubs: expect.arrayContaining([CHAT]) },
    ]);
  });

  it('is asked for once a second at most, whoever says so how often', async () => {
    const b = await liveTab(startWithEndpoint(), 'b');
    for (let n = 0; n < 50; n += 1) ether.say({ kind: 'another-user', endpoint: TOKENS, hubs: [] });
    await quiet();
    expect(fetches).toBe(2);
    await clock.advanceBy(60_000);
    expect(fetches).toBe(3);
    expect(codeOf(b)).toBe('live');
  });
});

it.each([
  undefined,
  null,
  'signed-out',
  {},
  { kind: 'signed-out' },
  { kind: 'signed-out', endpoint: 5, hubs: [OPS] },
  { kind: 'signed-out', endpoint: null, hubs: OPS },
  { kind: 'signed-out', endpoint: null, hubs: [{ toString: 'x' }, null] },
  { kind: 'other', endpoint: TOKENS, hubs: [OPS] },
])('what is no news is passed over: %j', async (data) => {
  const b = await liveTab(startWithEndpoint(), 'b');
  ether.say(data);
  await quiet();
  expect([codeOf(b), fetches]).toEqual(['live', 1]);
});
