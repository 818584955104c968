/** The whole worker but its sockets: what happens to hubs and tabs arrives in the figures, and alerts at those who asked. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HubshareError, TokenRejectedError, wireError } from '../../src/contract/errors.js';
import type { HubMetrics } from '../../src/contract/metrics.js';
import type { TokenSource } from '../auth/token-source.js';
import { createCoordinator, type Coordinator } from '../coordinator.js';
import type { ServeHubsOptions } from '../serve-options.js';
import { FakeClock } from '../testing/fake-clock.js';
import { FakeHubs, type FakeHub } from '../testing/fake-hub.js';
import { FakeLocks } from '../testing/fake-locks.js';
import { FakeTab } from '../testing/fake-tab.js';
import { quiet, until } from '../testing/settle.js';

let hubs = new FakeHubs();

vi.mock('../hub/signalr-socket.js', () => ({
  openSignalRSocket: (...args: Parameters<FakeHubs['open']>) => hubs.open(...args),
}));

const OPS = 'https://h.test/hubs/ops';

let origin: FakeLocks;
let clock: FakeClock;
let tabs: FakeTab[];
let hub: FakeHub;

beforeEach(() => {
  origin = new FakeLocks();
  clock = new FakeClock(1_000);
  tabs = [];
  hubs = new FakeHubs();
  hub = hubs.at(OPS);
});
afterEach(() => {
  for (const tab of tabs) tab.closePorts();
});

function startWorker(options: ServeHubsOptions = {}): Coordinator {
  return createCoordinator(
    { maxSpacingMs: 0, reconnect: { delaysMs: [0], jitter: 0, spreadMs: 0 }, ...options },
    {
      clock,
      locks: origin.client('worker'),
      random: () => 0,
      randomId: () => 'boot-1',
      nextTask: (run) => setTimeout(run),
    },
  );
}

async function openTab(worker: Coordinator, id: string): Promise<FakeTab> {
  const tab = new FakeTab(worker, origin, id);
  tabs.push(tab);
  await tab.join();
  return tab;
}

async function connect(worker: Coordinator, id: string, hasTokenFactory = false): Promise<FakeTab> {
  const tab = await openTab(worker, id);
  await tab.attach(OPS, { methods: ['metric'], hasTokenFactory });
  await tab.reaches(OPS, 'live');
  return tab;
}

async function metricsOf(tab: FakeTab): Promise<HubMetrics> {
  const reply = await tab.api.hubMetrics(OPS);
  if (!reply.ok) throw new Error(reply.error.message);
  return reply.value;
}

/** The connection is lost and comes back. */
async function lose(): Promise<void> {
  const before = hub.starts.length;
  await hub.cut();
  await clock.advanceBy(0);
  await until(() => hub.starts.length > before);
  await quiet();
}

/** Asks for alerts as a page does; `ids` are those that it was told of. */
function ask(tab: FakeTab, sinceId = 0) {
  const question = { ids: null as readonly number[] | null };
  void tab.api.nextAlerts(OPS, sinceId).then((reply) => {
    question.ids = reply.ok ? reply.value.map(({ id }) => id) : [];
  });
  return question;
}

describe('figures', () => {
  it('go on over a sign-out, after which the hub is another one', async () => {
    const worker = startWorker();
    const tab = await connect(worker, 'a');
    await hub.emit('metric', 1);
    await tab.api.signOut();
    expect(await metricsOf(tab)).toMatchObject({
      tabs: 0,
      events: 1,
      connection: { isConnected: false, connects: 1, disconnects: 0 },
    });

    const next = await connect(worker, 'b');
    await hub.emit('metric', 2);

    expect(await metricsOf(next)).toMatchObject({
      tabs: 1,
      events: 2,
      connection: { isConnected: true, transport: 'WebSockets', connects: 2, disconnects: 0 },
    });
  });

  it('count what was dropped for a tab that has gone', async () => {
    const worker = startWorker({ delivery: { window: 1, maxQueuedEntries: 2 } });
    const [slow, other] = [await connect(worker, 'slow'), await openTab(worker, 'other')];
    await other.attach(OPS);
    slow.acknowledges = false;
    for (let n = 0; n < 20; n += 1) {
      await hub.emit('metric', n);
      await quiet();
    }
    const { dropped } = await metricsOf(other);
    expect(dropped).toBeGreaterThan(0);
    // Its port is closed with it: nobody answers.
    void slow.api.leave();
    await quiet();
    expect(await metricsOf(other)).toMatchObject({ dropped, tabs: 1 });
    const report = await other.api.nextReport(0, 0);
    expect(report).toMatchObject({ ok: true, value: { totals: { dropped }, tabs: [{ dropped: 0 }] } });
  });

  it('do not count a cut that the worker has asked for, so that a new token counts', async () => {
    hub.reauthWay = 'cut';
    const worker = startWorker();
    const tab = await connect(worker, 'a', true);
    tab.token = () => ({ ok: true, value: 'another-token-of-the-tab' });
    expect(await tab.api.refreshTokenNow(OPS)).toMatchObject({ ok: true });
    await hub.resume(20);
    expect(await metricsOf(tab)).toMatchObject({
      connection: { connects: 1, disconnects: 0, resumes: 0 },
      authentication: { failures: { 'refused-by-hub': 0 } },
      token: { isShared: false, refreshes: 1, fetches: { count: 2 } },
    });
    // The next one nobody has asked for.
    await hub.resume(30);
    expect(await metricsOf(tab)).toMatchObject({ connection: { connects: 1, disconnects: 1, resumes: 1 } });
  });

  it('count a 401 as a refusal by the hub, each time', async () => {
    const worker = startWorker();
    const tab = await connect(worker, 'a', true);
    const { bearer } = hubs.opened.at(-1)!;
    tab.token = () => ({ ok: true, value: 'another-token-of-the-tab' });
    expect(await bearer.replace('a-token-of-the-tab')).toBe('another-token-of-the-tab');
    bearer.refuse('another-token-of-the-tab');
    expect((await metricsOf(tab)).authentication.failures).toMatchObject({ 'refused-by-hub': 2 });
  });

  it('count no 401 to the goodbye of a connection that is closed for good, and raise no alert', async () => {
    const worker = startWorker();
    const tab = await connect(worker, 'a', true);
    const { bearer } = hubs.opened.at(-1)!;
    expect(await bearer.get()).toBe('a-token-of-the-tab');
    await tab.api.signOut();
    expect(await bearer.get(), 'long polling says goodbye by a request').toBe('a-token-of-the-tab');
    expect(await bearer.replace('a-token-of-the-tab')).toBeNull();
    bearer.refuse('a-token-of-the-tab');
    expect(await metricsOf(tab)).toMatchObject({ authentication: { failures: { 'refused-by-hub': 0 } }, alerts: [] });
  });

  it('count a hub that wants a token where nobody has one', async () => {
    hub.acceptsAtOnce = false;
    const worker = startWorker();
    const tab = await openTab(worker, 'a');
    await tab.attach(OPS);
    await until(() => hub.starts.length === 1);
    await hub.refuse(
      new Error("Failed to complete negotiation with the server: Error: Unauthorized: Status code '401'"),
    );
    await tab.reaches(OPS, 'resting');
    expect(await metricsOf(tab)).toMatchObject({
      authentication: { accepted: 0, failures: { 'refused-by-hub': 1 } },
      alerts: [{ kind: 'authentication-failed', count: 1 }],
    });
  });

  it('count what the worker’s own source says, and hold no word of it', async () => {
    let answer: () => ReturnType<TokenSource['fetch']> = () => Promise.resolve({ token: 'first-secret-token' });
    const worker = startWorker({ accessToken: { kind: 'endpoint', fetch: () => answer() } });
    const tab = await connect(worker, 'a');
    answer = () => Promise.reject(new HubshareError(wireError('token-unavailable', 'secret reason', {})));
    await tab.api.refreshTokenNow(OPS);
    answer = () =>
      Promise.reject(new TokenRejectedError(wireError('token-rejected', 'secret reason', { httpStatus: 400 })));
    await tab.api.refreshTokenNow(OPS);

    const metrics = await metricsOf(tab);

    expect(metrics).toMatchObject({
      authentication: { failures: { 'refused-by-hub': 0, 'refused-by-issuer': 1, 'no-token': 1 } },
      token: { isShared: true, refreshes: 0, failures: 2, fetches: { count: 1 } },
      alerts: [{ kind: 'authentication-failed' }],
    });
    expect(JSON.stringify(metrics)).not.toContain('secret');
  });
});

describe('a new token for the live connection', () => {
  /** What the hub, or the network, says to the handover. */
  async function refreshTo(answer: () => ReturnType<FakeHub['socket']['reauthenticate']>): Promise<HubMetrics> {
    const worker = startWorker();
    const tab = await connect(worker, 'a', true);
    hub.socket.reauthenticate = answer;
    tab.token = () => ({ ok: true, value: 'another-token-of-the-tab' });
    await tab.api.refreshTokenNow(OPS);
    return metricsOf(tab);
  }

  it.each(['call', 'endpoint', 'cut'] as const)('is an authentication when the hub takes it: %s', async (way) => {
    expect(await refreshTo(() => Promise.resolve(way))).toMatchObject({
      authentication: { accepted: 1 },
      connection: { disconnects: 0 },
      alerts: [],
    });
  });

  it('is none when the hub has no way to take it', async () => {
    const metrics = await refreshTo(() => Promise.resolve('none'));
    expect(metrics).toMatchObject({ authentication: { accepted: 0, failures: { 'refused-by-hub': 0 } }, alerts: [] });
  });

  it.each([
    ['with a code', new TokenRejectedError(wireError('token-rejected', 'no', { httpStatus: 403 }))],
    ['in words of its own', new Error('HubException: another user')],
  ])('raises an alert when the hub refuses it %s', async (_, error) => {
    expect(await refreshTo(() => Promise.reject(error))).toMatchObject({
      authentication: { accepted: 0, failures: { 'refused-by-hub': 1 } },
      alerts: [{ kind: 'authentication-failed', count: 1 }],
    });
  });

  it.each([
    ['never got there', new HubshareError(wireError('hub-unreachable', 'no answer', {}))],
    ['failed on its way', new TypeError('Failed to fetch')],
  ])('is no failed authentication when it %s', async (_, error) => {
    const metrics = await refreshTo(() => Promise.reject(error));
    expect(metrics).toMatchObject({ authentication: { failures: { 'refused-by-hub': 0 } }, alerts: [] });
  });
});

describe('an alert', () => {
  it('is raised when nobody gives a token until all attempts are used up, and not before', async () => {
    const worker = startWorker();
    const tab = await openTab(worker, 'a');
    tab.token = () => ({ ok: false, error: wireError('token-unavailable', 'secret reason', {}) });
    await tab.attach(OPS, { hasTokenFactory: true });
    await tab.reaches(OPS, 'waiting');
    expect(await metricsOf(tab)).toMatchObject({ alerts: [], authentication: { failures: { 'no-token': 1 } } });
    await clock.advanceBy(0);
    await tab.reaches(OPS, 'resting');
    const metrics = await metricsOf(tab);
    expect(metrics.alerts).toMatchObject([{ kind: 'authentication-failed', count: 1 }]);
    expect(JSON.stringify(metrics)).not.toContain('secret');
  });

  it('is not raised when the hub cannot be reached: nobody has to sign in', async () => {
    hub.acceptsAtOnce = false;
    const worker = startWorker({ reconnect: { delaysMs: [] } });
    const tab = await openTab(worker, 'a');
    await tab.attach(OPS);
    await until(() => hub.starts.length === 1);
    await hub.refuse();
    await tab.reaches(OPS, 'resting');
    expect(await metricsOf(tab)).toMatchObject({ connection: { connects: 0, disconnects: 0 }, alerts: [] });
  });

  it('is told to the tabs that ask, once, and to no other', async () => {
    const worker = startWorker();
    const [a, b, silent] = [await connect(worker, 'a'), await connect(worker, 'b'), await connect(worker, 'silent')];
    const [first, second] = [ask(a), ask(b)];
    const framesBefore = silent.frames.length;
    await lose();
    await lose();
    await quiet();
    expect([first.ids, second.ids]).toEqual([null, null]);
    await lose();
    await until(() => first.ids !== null && second.ids !== null);
    expect([first.ids, second.ids]).toEqual([[1], [1]]);
    // Statuses only.
    expect(JSON.stringify(silent.frames.slice(framesBefore))).not.toContain('frequent-disconnects');
    const again = ask(a, 1);
    await lose();
    await quiet();
    expect(again.ids).toBeNull();
  });

  it('is not raised by stops and starts that were asked for', async () => {
    const worker = startWorker();
    const tab = await connect(worker, 'a');
    const question = ask(tab);
    for (let n = 0; n < 4; n += 1) {
      await tab.api.reconnectNow(OPS);
      await quiet();
    }
    expect((await metricsOf(tab)).connection).toMatchObject({ connects: 5, disconnects: 0 });
    expect(question.ids).toBeNull();
  });

  it.each(['hidden', 'frozen', 'cached'] as const)('waits for a tab that is parked: %s', async (how) => {
    const worker = startWorker();
    const [parked, awake] = [await connect(worker, 'parked'), await connect(worker, 'awake')];
    const [question, other] = [ask(parked), ask(awake)];
    // Answered when it is back.
    void parked.park(how);
    await quiet();
    for (let n = 0; n < 3; n += 1) await lose();
    await until(() => other.ids !== null);
    await quiet();
    expect(question.ids).toBeNull();
    await parked.api.unpark();
    await until(() => question.ids !== null);
    expect(question.ids).toEqual([1]);
  });
});
