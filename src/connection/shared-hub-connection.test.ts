import type { IHttpConnectionOptions } from '@microsoft/signalr';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeHubs, type FakeHub } from '../../worker/testing/fake-hub.js';
import { FakeLocks, type FakeLockClient } from '../../worker/testing/fake-locks.js';
import { FakeErrorEvent, FakeSharedWorker, FakeWorkerHost } from '../../worker/testing/fake-shared-worker.js';
import { FakeTab } from '../../worker/testing/fake-tab.js';
import { quiet, until } from '../../worker/testing/settle.js';
import type { SignalRConnection } from '../contract/connection.js';
import { inspectionOf } from '../contract/inspection.js';
import { FORGET_PAUSE_MS, REJOIN_DELAYS_MS } from '../contract/timing.js';
import type { Resync, SharedHubConnection } from './shared-hub-connection.js';
import { SharedHubConnectionBuilder } from './builder.js';

// A page in front of a real coordinator; only the sockets to the hubs are fakes.
let hubs = new FakeHubs();

vi.mock('../../worker/hub/signalr-socket.js', () => ({
  openSignalRSocket: (...args: Parameters<FakeHubs['open']>) => hubs.open(...args),
}));

const OPS = 'https://app.test/hubs/ops';
const CHAT = 'https://app.test/hubs/chat';

let origin: FakeLocks;
let page: FakeLockClient;
let host: FakeWorkerHost;
let hub: FakeHub;
let document: EventTarget & { visibilityState: string };
let window: EventTarget;
let others: FakeTab[];

beforeEach(() => {
  origin = new FakeLocks();
  page = origin.client('page');
  host = new FakeWorkerHost(origin);
  hubs = new FakeHubs();
  hub = hubs.at(OPS);
  others = [];
  document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  window = new EventTarget();
  vi.stubGlobal('document', document);
  vi.stubGlobal('window', window);
  vi.stubGlobal('location', { href: 'https://app.test/page' });
  vi.stubGlobal('navigator', { locks: page });
  vi.stubGlobal('SharedWorker', FakeSharedWorker);
  vi.stubGlobal('ErrorEvent', FakeErrorEvent);
});
afterEach(async () => {
  for (const tab of others) tab.closePorts();
  page.die();
  host.kill();
  await quiet();
  vi.unstubAllGlobals();
});

/** One factory per test: each function is a client of its own. */
let factory: () => SharedWorker;
beforeEach(() => {
  factory = () => new FakeSharedWorker(host);
});

function build(
  options: { url?: string; http?: IHttpConnectionOptions; delays?: number[] | null } = {},
): SharedHubConnection {
  const { url = '/hubs/ops', http = {}, delays = [0] } = options;
  const builder = new SharedHubConnectionBuilder().withUrl(url, http).withWorker(factory);
  if (delays !== null) builder.withAutomaticReconnect(delays);
  return builder.build();
}

/** What a connection tells an app, in order. */
function listenTo(connection: SharedHubConnection): string[] {
  const seen: string[] = [];
  const why = (error: unknown): string => (error === undefined ? '' : ` ${String((error as { code?: string }).code)}`);
  connection.onclose((error) => seen.push(`closed${why(error)}`));
  connection.onreconnecting((error) => seen.push(`reconnecting${why(error)}`));
  connection.onreconnected((id) => seen.push(`reconnected ${id ?? 'without id'}`));
  connection.onresync(({ reason, dropped }: Resync) => seen.push(`resync ${reason} ${dropped ?? '?'}`));
  return seen;
}

async function started(options?: Parameters<typeof build>[0]): Promise<SharedHubConnection> {
  const connection = build(options);
  await connection.start();
  return connection;
}

async function otherTab(id = 'other'): Promise<FakeTab> {
  const tab = new FakeTab(host.coordinator, origin, id);
  others.push(tab);
  await tab.join();
  return tab;
}

/** The worker and all in it are gone, without a word to anybody. */
function killWorker(): void {
  hubs.vanish();
  host.kill();
}

describe('start', () => {
  it('connects', async () => {
    const connection = build();
    const start = connection.start();
    expect(connection.state).toBe('Connecting');
    await start;
    expect(connection.state).toBe('Connected');
    expect(connection.connectionId).toBe('connection-1');
    expect(connection.snapshot).toMatchObject({
      status: 'connected',
      connectionId: 'connection-1',
      activeHubs: [OPS],
      primaryTabId: connection.tabId,
      subscribedTabs: [connection.tabId],
    });
    expect(connection.isPrimary).toBe(true);
  });

  it('joins the connection that another tab has open', async () => {
    const other = await otherTab();
    await other.attach(OPS);
    await other.reaches(OPS, 'live');
    const connection = await started();
    expect(connection.connectionId).toBe('connection-1');
    expect(connection.isPrimary).toBe(false);
    expect(hub.starts).toHaveLength(1);
  });

  it.each(['Connecting', 'Connected'])('is refused while %s', async (state) => {
    const connection = build();
    const first = connection.start();
    if (state === 'Connected') await first;
    await expect(connection.start()).rejects.toMatchObject({
      code: 'state-invalid',
      message: "Cannot start a HubConnection that is not in the 'Disconnected' state.",
    });
    await first;
  });

  it('with automatic reconnect goes on after a first start that failed', async () => {
    hub.acceptsAtOnce = false;
    const connection = build();
    const seen = listenTo(connection);
    const start = connection.start();
    start.catch(() => undefined);
    await until(() => hub.starts.length === 1);
    await hub.refuse();
    await host.clock.advanceBy(0);
    await until(() => hub.starts.length === 2);
    await hub.accept();
    await start;
    expect(connection.connectionId).toBe('connection-2');
    expect(seen).toEqual([]);
  });

  it('without automatic reconnect rejects when the first start fails, and lets the hub go', async () => {
    hub.acceptsAtOnce = false;
    const connection = build({ delays: null });
    const seen = listenTo(connection);
    const start = connection.start();
    start.catch(() => undefined);
    await until(() => hub.starts.length === 1);
    await hub.refuse();
    await expect(start).rejects.toMatchObject({ code: 'hub-unreachable', message: 'Failed to fetch' });
    expect(connection.state).toBe('Disconnected');
    await quiet();
    expect(host.clock.pending).toBe(0);
    expect(seen).toEqual([]);
  });

  it('rejects at once what trying again cannot mend', async () => {
    hub.acceptsAtOnce = false;
    const connection = build();
    const start = connection.start();
    start.catch(() => undefined);
    await until(() => hub.starts.length === 1);
    await hub.refuse(new Error("Failed to complete negotiation with the server: Error: Not Found: Status code '404'"));
    await expect(start).rejects.toMatchObject({ code: 'hub-not-found', wire: { httpStatus: 404 } });
    expect(connection.state).toBe('Disconnected');
  });

  it('after a start that failed tries anew, with automatic reconnect', async () => {
    hub.acceptsAtOnce = false;
    const connection = build({ delays: [] });
    const first = connection.start();
    first.catch(() => undefined);
    await until(() => hub.starts.length === 1);
    await hub.refuse();
    await expect(first).rejects.toMatchObject({ code: 'hub-unreachable' });
    hub.acceptsAtOnce = true;
    await connection.start();
    expect(connection.state).toBe('Connected');
  });

  it('without automatic reconnect is not failed by the old error of a hub that another tab has resting', async () => {
    host.options = { reconnect: { delaysMs: [] } };
    hub.acceptsAtOnce = false;
    const other = await otherTab();
    await other.attach(OPS);
    await until(() => hub.starts.length === 1);
    await hub.refuse();
    await other.reaches(OPS, 'resting');
    hub.acceptsAtOnce = true;
    const connection = build({ delays: null });
    await connection.start();
    expect(connection.state).toBe('Connected');
  });

  it('gives the token of its factory to the worker', async () => {
    const accessTokenFactory = vi.fn(() => Promise.resolve('a-token-of-the-page'));
    await started({ http: { accessTokenFactory } });
    expect(accessTokenFactory).toHaveBeenCalledTimes(1);
  });

  it('says when the factory fails, with automatic reconnect after its attempts', async () => {
    const connection = build({
      delays: [],
      http: { accessTokenFactory: () => Promise.reject(new Error('signed out')) },
    });
    await expect(connection.start()).rejects.toMatchObject({
      code: 'token-unavailable',
      message: expect.stringContaining('signed out') as string,
    });
  });

  it('says when SharedWorker or Web Locks are missing', async () => {
    vi.stubGlobal('navigator', {});
    await expect(build().start()).rejects.toMatchObject({ code: 'worker-unsupported' });
    vi.stubGlobal('SharedWorker', undefined);
    await expect(build().start()).rejects.toMatchObject({ code: 'worker-unsupported' });
  });

  it('on another URL after a rest lets the old hub go and connects to the new one', async () => {
    hub.acceptsAtOnce = false;
    const connection = build({ delays: [] });
    const start = connection.start();
    await until(() => hub.starts.length === 1);
    await hub.accept();
    await start;
    await hub.cut();
    await until(() => connection.state === 'Disconnected');
    connection.baseUrl = '/hubs/chat';
    const again = connection.start();
    await until(() => connection.state === 'Connected', 'connected to the other hub');
    await again;
    expect(hubs.at(CHAT).held).toBe(1);
    expect(hub.held).toBe(0);
  });
});

describe('stop', () => {
  it('while the hub of the URL before is let go leaves the connection stopped', async () => {
    const connection = await started({ delays: [] });
    await hub.cut();
    await until(() => connection.state === 'Disconnected');
    connection.baseUrl = '/hubs/chat';
    const start = connection.start();
    start.catch(() => undefined);
    await connection.stop();
    await expect(start).rejects.toMatchObject({ code: 'stopped' });
    await quiet();
    expect(connection.state).toBe('Disconnected');
    expect(hubs.at(CHAT).held).toBe(0);
    expect(origin.held.filter((name) => name.startsWith('hubshare:tab:'))).toEqual([]);
  });

  it('lets the hub go, says so once, and leaves nothing behind', async () => {
    const connection = await started();
    const seen = listenTo(connection);
    const stopping = connection.stop();
    expect(connection.state).toBe('Disconnecting');
    expect(connection.stop()).toBe(stopping);
    await stopping;
    expect(connection.state).toBe('Disconnected');
    expect(connection.connectionId).toBeNull();
    expect(connection.snapshot).toMatchObject({
      status: 'disconnected',
      connectionId: '',
      primaryTabId: '',
      subscribedTabs: [],
    });
    expect(connection.isPrimary).toBe(false);
    expect(seen).toEqual(['closed']);
    expect(hub.held).toBe(0);
    await until(() => origin.held.every((name) => name.startsWith('hubshare:worker:')));
    await quiet();
    expect(origin.waiting).toEqual([]);
    expect(host.clock.pending).toBe(0);
  });

  it('of a connection that was never started is nothing', async () => {
    const connection = build();
    const seen = listenTo(connection);
    await connection.stop();
    expect(seen).toEqual([]);
    expect(host.constructions).toBe(0);
  });

  it('in the middle of a start rejects the start, and is no close', async () => {
    hub.acceptsAtOnce = false;
    const connection = build();
    const seen = listenTo(connection);
    const start = connection.start();
    start.catch(() => undefined);
    await until(() => hub.starts.length === 1);
    await connection.stop();
    await expect(start).rejects.toMatchObject({
      code: 'stopped',
      message: 'The connection was stopped before the hub handshake could complete.',
    });
    expect(seen).toEqual([]);
    expect(hub.held).toBe(0);
  });

  it('before the worker has answered rejects the start, and leaves no lock', async () => {
    const connection = build();
    const start = connection.start();
    start.catch(() => undefined);
    await connection.stop();
    await expect(start).rejects.toMatchObject({ code: 'stopped' });
    await until(() => origin.held.every((name) => name.startsWith('hubshare:worker:')));
    expect(connection.state).toBe('Disconnected');
  });

  it('rejects the calls in flight', async () => {
    const connection = await started();
    const call = connection.invoke('Slow');
    call.catch(() => undefined);
    await until(() => hub.invocations.length === 1);
    await connection.stop();
    await expect(call).rejects.toMatchObject({
      code: 'stopped',
      message: 'Invocation canceled due to the underlying connection being closed.',
    });
  });

  it('lets the other tabs keep the connection', async () => {
    const other = await otherTab();
    await other.attach(OPS);
    const connection = await started();
    await connection.stop();
    await until(() => other.statuses(OPS).at(-1)?.snapshot.subscribedTabs.length === 1);
    expect(hub.held).toBe(1);
  });

  it('is followed by a start that connects anew', async () => {
    const connection = await started();
    await connection.stop();
    await connection.start();
    expect(connection.connectionId).toBe('connection-2');
  });
});

describe('events', () => {
  it('reach the handlers in order, also those that are set before start', async () => {
    const connection = build();
    const seen: unknown[] = [];
    connection.on('Metric', (...args) => seen.push(args));
    await connection.start();
    hub.socket.emit('metric', ['cpu', 1]);
    hub.socket.emit('METRIC', ['cpu', 2]);
    await until(() => seen.length === 2);
    expect(seen).toEqual([
      ['cpu', 1],
      ['cpu', 2],
    ]);
  });

  it('are listened for while a handler is there', async () => {
    const connection = await started();
    const handler = vi.fn();
    connection.on('metric', handler);
    await until(() => hub.socket.listened.has('metric'));
    connection.off('metric', handler);
    await until(() => !hub.socket.listened.has('metric'));
  });

  it('that a call causes are handled before its result', async () => {
    const connection = await started();
    const seen: string[] = [];
    connection.on('progress', (n) => seen.push(`progress ${String(n)}`));
    const call = connection.invoke('Work').then((value) => seen.push(`result ${String(value)}`));
    const invocation = await until(() => hub.invocations[0]);
    for (const n of [1, 2, 3]) hub.socket.emit('progress', [n]);
    void invocation.answer('done');
    await call;
    expect(seen).toEqual(['progress 1', 'progress 2', 'progress 3', 'result done']);
  });

  it('go to each of two connections of the page that have handlers for them', async () => {
    const [a, b] = [await started(), await started()];
    const seen: string[] = [];
    a.on('metric', () => seen.push('a'));
    b.on('metric', () => seen.push('b'));
    await until(() => hub.socket.listened.has('metric'));
    hub.socket.emit('metric', []);
    await until(() => seen.length === 2);
    await a.stop();
    hub.socket.emit('metric', []);
    await until(() => seen.length === 3);
    expect(seen).toEqual(['a', 'b', 'b']);
    expect(b.state).toBe('Connected');
    expect(hub.starts).toHaveLength(1);
  });
});

describe('calls', () => {
  it('bring the result of the hub', async () => {
    const connection = await started();
    const sum = connection.invoke('Add', 1, 2);
    const invocation = await until(() => hub.invocations[0]);
    expect(invocation).toMatchObject({ method: 'Add', args: [1, 2] });
    void invocation.answer(3);
    await expect(sum).resolves.toBe(3);
  });

  it('reject with the hub’s message', async () => {
    const connection = await started();
    const call = connection.invoke('Fail');
    void (await until(() => hub.invocations[0])).fail('HubException: no');
    await expect(call).rejects.toMatchObject({ code: 'hub-error', message: 'HubException: no' });
  });

  it('reject when the connection is lost meanwhile', async () => {
    const connection = await started();
    const call = connection.invoke('Slow');
    call.catch(() => undefined);
    await until(() => hub.invocations.length === 1);
    await hub.cut();
    await expect(call).rejects.toMatchObject({ code: 'connection-lost' });
  });

  it.each(['invoke', 'send'] as const)('are refused before start (%s)', async (kind) => {
    await expect(build()[kind]('Add', 1)).rejects.toMatchObject({
      code: 'not-connected',
      message: "Cannot send data if the connection is not in the 'Connected' State.",
    });
  });

  it('send resolves without a result', async () => {
    const connection = await started();
    await expect(connection.send('Log', 'x')).resolves.toBeUndefined();
    expect(hub.sent).toEqual([{ method: 'Log', args: ['x'] }]);
  });

  it.each(['', undefined, 5])('need the name of a method (%j)', async (name) => {
    const connection = await started();
    await expect(connection.invoke(name as string)).rejects.toMatchObject({ code: 'option-invalid' });
  });

  it('refuse what JSON cannot hold', async () => {
    const connection = await started();
    await expect(connection.invoke('Add', 10n)).rejects.toMatchObject({
      code: 'option-invalid',
      wire: { option: 'args' },
    });
    expect(hub.invocations).toEqual([]);
  });

  it('of streams say that they are not there yet', async () => {
    const connection = await started();
    expect(() => connection.stream('Counter', 5)).toThrow(
      expect.objectContaining({ code: 'feature-unavailable' }) as Error,
    );
  });
});

describe('a connection that is lost', () => {
  it('with automatic reconnect goes through reconnecting to connected', async () => {
    const connection = await started({ delays: [1_000] });
    const seen = listenTo(connection);
    await hub.cut();
    await until(() => connection.state === 'Reconnecting');
    expect(connection.connectionId).toBeNull();
    await expect(connection.invoke('Add')).rejects.toMatchObject({ code: 'not-connected' });
    await host.clock.advanceBy(1_000);
    await until(() => connection.state === 'Connected');
    expect(seen).toEqual(['reconnecting connection-lost', 'resync reconnected ?', 'reconnected connection-2']);
  });

  it('without automatic reconnect is closed, as SignalR closes it', async () => {
    const connection = await started({ delays: null });
    const seen = listenTo(connection);
    await hub.cut();
    await until(() => seen.length > 0);
    expect(seen).toEqual(['closed connection-lost']);
    expect(connection.state).toBe('Disconnected');
    await quiet();
    expect(hub.held).toBe(0);
    expect(host.clock.pending).toBe(0);
  });

  it('that rests after its last attempt is closed, and comes back when the page is shown', async () => {
    const connection = await started({ delays: [] });
    const seen = listenTo(connection);
    await hub.cut();
    await until(() => connection.state === 'Disconnected');
    document.dispatchEvent(new Event('visibilitychange'));
    await until(() => connection.state === 'Connected');
    expect(seen).toEqual(['closed connection-lost', 'resync reconnected ?', 'reconnected connection-2']);
  });

  it('that rests can be started', async () => {
    const connection = await started({ delays: [] });
    await hub.cut();
    await until(() => connection.state === 'Disconnected');
    await connection.start();
    expect(connection.connectionId).toBe('connection-2');
    expect(hub.held).toBe(1);
  });

  it('that rests can be stopped, which is no second close', async () => {
    const connection = await started({ delays: [] });
    const seen = listenTo(connection);
    await hub.cut();
    await until(() => connection.state === 'Disconnected');
    await connection.stop();
    expect(seen).toEqual(['closed connection-lost']);
    document.dispatchEvent(new Event('visibilitychange'));
    await quiet();
    expect(hub.starts).toHaveLength(1);
  });

  it('that rests can be stopped and started in one turn', async () => {
    const connection = await started({ delays: [] });
    await hub.cut();
    await until(() => connection.state === 'Disconnected');
    void connection.stop();
    await connection.start();
    await quiet();
    expect(connection.state).toBe('Connected');
    expect(hub.held).toBe(1);
  });

  it('by a hub that allows no reconnect is closed with the hub’s reason', async () => {
    const connection = await started({ delays: [0] });
    const seen = listenTo(connection);
    await hub.close(false, 'kicked');
    await until(() => seen.length > 0);
    expect(seen).toEqual(['closed hub-closed']);
  });
});

describe('a worker that dies', () => {
  it('is replaced, and handlers stay', async () => {
    const connection = await started();
    const events: unknown[] = [];
    connection.on('metric', (n) => events.push(n));
    const seen = listenTo(connection);
    killWorker();
    await until(() => seen.length === 3);
    expect(connection.state).toBe('Connected');
    expect(seen).toEqual(['reconnecting worker-lost', 'resync worker-replaced ?', 'reconnected connection-2']);
    expect(host.starts).toBe(2);
    hub.socket.emit('metric', [7]);
    await until(() => events.length === 1);
  });

  it('leaves a call that it had accepted of unknown outcome', async () => {
    const connection = await started();
    const call = connection.invoke('Slow');
    call.catch(() => undefined);
    await until(() => hub.invocations.length === 1);
    await quiet();
    killWorker();
    await expect(call).rejects.toMatchObject({ code: 'outcome-unknown', wire: { method: 'Slow' } });
    await until(() => connection.state === 'Connected');
    await quiet();
    expect(hub.invocations).toHaveLength(1);
  });

  it('leaves a call that it never accepted to the next one, once', async () => {
    const connection = await started();
    // The message is on its way when the worker dies.
    killWorker();
    const call = connection.invoke('Add', 1, 2);
    await until(() => connection.state === 'Connected' && host.starts === 2);
    void (await until(() => hub.invocations[0])).answer(3);
    await expect(call).resolves.toBe(3);
    expect(hub.invocations).toHaveLength(1);
  });

  it('has a call that the app makes in onreconnected reach the hub once', async () => {
    const connection = await started();
    connection.onreconnected(() => void connection.send('JoinGroup', 'ops'));
    killWorker();
    await until(() => hub.sent.length > 0);
    await quiet();
    expect(hub.sent).toEqual([{ method: 'JoinGroup', args: ['ops'] }]);
  });

  it('in the middle of a start does not keep the start from succeeding', async () => {
    hub.acceptsAtOnce = false;
    const connection = build();
    const start = connection.start();
    await until(() => hub.starts.length === 1);
    hub.acceptsAtOnce = true;
    killWorker();
    await start;
    expect(connection.connectionId).toBe('connection-2');
  });

  it('twice in a row is replaced twice', async () => {
    const connection = await started();
    killWorker();
    await until(() => host.starts === 2 && connection.state === 'Connected');
    killWorker();
    await until(() => host.starts === 3 && connection.state === 'Connected');
    expect(connection.connectionId).toBe('connection-3');
  });

  it('is not replaced when nobody needs it any more', async () => {
    const connection = await started();
    await connection.stop();
    killWorker();
    await quiet();
    expect(host.starts).toBe(1);
  });
});

describe('a worker that cannot be replaced at once', () => {
  const [firstDelayMs = 0] = REJOIN_DELAYS_MS;
  /** When the page constructed a worker, in its own time. */
  let triedAtMs: number[] = [];
  let isOffline = false;

  beforeEach(() => {
    triedAtMs = [];
    isOffline = false;
    factory = () => {
      triedAtMs.push(Date.now());
      if (isOffline) throw new Error('The script cannot be fetched.');
      return new FakeSharedWorker(host);
    };
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Lets all arrive that is under way. Each hop takes 1 ms of the page's time: locks are granted by timers. */
  async function settled(): Promise<void> {
    for (let hop = 0; hop < 30; hop += 1) {
      await vi.advanceTimersByTimeAsync(1);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  async function elapse(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
    await settled();
  }

  /** Between the tries to get to the next worker. */
  const pausesMs = (): number[] => triedAtMs.slice(2).map((atMs, n) => atMs - (triedAtMs[n + 1] ?? 0));

  /** Connected, then without a worker, with one try to get to the next one behind it. The page's time is a fake from here on. */
  async function withoutWorker(options?: Parameters<typeof build>[0]) {
    const connection = await started(options);
    await quiet();
    const seen = listenTo(connection);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    isOffline = true;
    killWorker();
    await settled();
    await elapse(FORGET_PAUSE_MS);
    expect(triedAtMs).toHaveLength(2);
    return { connection, seen };
  }

  it('with automatic reconnect is tried again after the first delay', async () => {
    const { connection, seen } = await withoutWorker();
    expect(connection.state).toBe('Reconnecting');
    isOffline = false;
    await elapse(firstDelayMs);
    expect(pausesMs()).toEqual([firstDelayMs]);
    expect(connection.state).toBe('Connected');
    expect(seen).toEqual(['reconnecting worker-lost', 'resync worker-replaced ?', 'reconnected connection-2']);
  });

  it('with automatic reconnect is tried again after each delay, then closes', async () => {
    const { connection, seen } = await withoutWorker();
    for (const delayMs of REJOIN_DELAYS_MS) {
      expect(connection.state).toBe('Reconnecting');
      await elapse(delayMs);
    }
    expect(seen).toEqual(['reconnecting worker-lost', 'closed worker-load-failed']);
    expect(connection.state).toBe('Disconnected');
    expect(pausesMs()).toEqual(REJOIN_DELAYS_MS);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('without automatic reconnect closes at once', async () => {
    const { connection, seen } = await withoutWorker({ delays: null });
    expect(connection.state).toBe('Disconnected');
    expect(seen.at(-1)).toBe('closed worker-load-failed');
    expect(vi.getTimerCount()).toBe(0);
    await elapse(firstDelayMs);
    expect(triedAtMs).toHaveLength(2);
  });

  it('is tried again at once when the network is back', async () => {
    const { connection } = await withoutWorker();
    isOffline = false;
    window.dispatchEvent(new Event('online'));
    await settled();
    expect(triedAtMs).toHaveLength(3);
    expect(connection.state).toBe('Connected');
  });

  it('leaves no timer and no lock when the connection is stopped in the pause', async () => {
    const { connection, seen } = await withoutWorker();
    await connection.stop();
    await settled();
    expect(vi.getTimerCount()).toBe(0);
    expect(origin.held).toEqual([]);
    expect(seen).toEqual(['reconnecting worker-lost', 'closed']);
    await elapse(firstDelayMs);
    expect(triedAtMs).toHaveLength(2);
  });
});

describe('sign-out', () => {
  it('in this tab closes every connection of the page', async () => {
    const [ops, chat] = [await started(), await started({ url: '/hubs/chat' })];
    const seen = listenTo(chat);
    await ops.signOut();
    await until(() => chat.state === 'Disconnected');
    expect(seen).toEqual(['closed signed-out']);
    expect(ops.state).toBe('Disconnected');
    expect(hub.held + hubs.at(CHAT).held).toBe(0);
  });

  it('in another tab closes this one, with the reason', async () => {
    const other = await otherTab();
    const connection = await started();
    const seen = listenTo(connection);
    await other.api.signOut();
    await until(() => seen.length > 0);
    expect(seen).toEqual(['closed signed-out']);
    expect(connection.snapshot).toMatchObject({
      status: 'disconnected',
      error: expect.stringContaining('Signed out') as string,
    });
  });

  it('works without a started connection, and leaves the worker again', async () => {
    const other = await otherTab();
    await other.attach(OPS);
    await other.reaches(OPS, 'live');
    await build().signOut();
    await other.reaches(OPS, 'closed');
    await until(() => origin.held.length === 2);
  });
});

describe('sign-out while the worker dies', () => {
  it('is answered by the next worker', async () => {
    const connection = await started();
    // The question is on its way when the worker dies.
    const signedOut = connection.signOut();
    killWorker();
    await signedOut;
    expect(host.starts).toBe(2);
    expect(connection.state).toBe('Disconnected');
    await quiet();
    expect(hub.held).toBe(0);
    expect(origin.held.filter((name) => name.startsWith('hubshare:tab:'))).toEqual([]);
  });
});

describe('the snapshot', () => {
  it('is told at each change, until the listener is taken off', async () => {
    const connection = build();
    const seen: SignalRConnection[] = [];
    const end = connection.onstatus((snapshot) => seen.push(snapshot));
    await connection.start();
    expect(seen.at(-1)).toBe(connection.snapshot);
    expect(seen.map(({ status }) => status)).toContain('connecting');
    end();
    const before = seen.length;
    await connection.stop();
    expect(seen).toHaveLength(before);
  });

  it('tells who is primary, and the change of it', async () => {
    const other = await otherTab();
    await other.attach(OPS);
    await other.reaches(OPS, 'live');
    const connection = await started();
    const seen: boolean[] = [];
    connection.onprimary((isPrimary) => seen.push(isPrimary));
    other.die();
    await until(() => connection.isPrimary);
    await connection.stop();
    expect(seen).toEqual([true, false]);
  });
});

describe('a tab that could not read', () => {
  it('is told how many events were dropped, before the next one', async () => {
    host.options = { delivery: { maxQueuedEntries: 5 } };
    const connection = await started();
    const seen = listenTo(connection);
    connection.on('metric', (n) => seen.push(`metric ${String(n)}`));
    await until(() => hub.socket.listened.has('metric'));
    window.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: true }));
    await quiet();
    for (let n = 1; n <= 8; n += 1) hub.socket.emit('metric', [n]);
    await quiet();
    expect(seen).toEqual([]);
    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    await until(() => seen.includes('metric 8'));
    const [resync, ...metrics] = seen;
    const dropped = 8 - metrics.length;
    expect(dropped).toBeGreaterThanOrEqual(3);
    expect(resync).toBe(`resync outbox-full ${dropped}`);
    expect(metrics).toEqual(Array.from({ length: metrics.length }, (_, n) => `metric ${n + 1 + dropped}`));
  });
});

describe('fields', () => {
  it('refuse another URL while connected', async () => {
    const connection = await started();
    expect(() => {
      connection.baseUrl = '/hubs/chat';
    }).toThrow(expect.objectContaining({ code: 'state-invalid' }) as Error);
  });

  it.each(['serverTimeoutInMilliseconds', 'keepAliveIntervalInMilliseconds'] as const)('refuse a wrong %s', (field) => {
    const connection = build();
    expect(() => {
      connection[field] = 0;
    }).toThrow(
      expect.objectContaining({
        code: 'option-invalid',
        wire: expect.objectContaining({ option: field }) as object,
      }) as Error,
    );
    connection[field] = 5;
    expect(connection[field]).toBe(5);
  });
});

describe('the panel', () => {
  it('reaches the worker behind a connection', async () => {
    const connection = await started();
    const inspection = inspectionOf(connection);
    await expect(inspection?.nextReport(0, 0)).resolves.toMatchObject({
      ok: true,
      value: { hubs: [{ url: OPS, phase: 'live' }], tabs: [{ id: connection.tabId }] },
    });
    await expect(inspection?.reconnectNow()).resolves.toMatchObject({ ok: true });
    await until(() => connection.connectionId === 'connection-2');
  });

  it('is told when there is no worker', async () => {
    await expect(inspectionOf(build())?.nextReport(0, 0)).resolves.toMatchObject({
      ok: false,
      error: { code: 'not-joined' },
    });
  });

  it('is told when the worker dies while it waits', async () => {
    const connection = await started();
    const inspection = inspectionOf(connection);
    const now = await inspection?.nextReport(0, 0);
    const waiting = inspection?.nextReport(now?.ok === true ? now.value.version : 0, 0);
    killWorker();
    await expect(waiting).resolves.toMatchObject({ ok: false, error: { code: 'worker-lost' } });
    await until(() => connection.state === 'Connected');
  });
});
