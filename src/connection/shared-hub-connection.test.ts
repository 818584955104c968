import { Subject, type IHttpConnectionOptions, type IStreamResult } from '@microsoft/signalr';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FakeHub } from '../../worker/testing/fake-hub.js';
import { FakePage } from '../../worker/testing/fake-page.js';
import { FakeSharedWorker } from '../../worker/testing/fake-shared-worker.js';
import { PLAIN_SETTINGS } from '../../worker/testing/plain-wish.js';
import { quiet, until } from '../../worker/testing/settle.js';
import type { SignalRConnection } from '../contract/connection.js';
import { MAX_CLIENT_METHODS } from '../contract/client-methods.js';
import type { HubshareError } from '../contract/errors.js';
import { inspectionOf } from '../contract/inspection.js';
import { CONTROL_REPLY_MS, FORGET_PAUSE_MS, LAST_WORDS_MS, REJOIN_DELAYS_MS } from '../contract/timing.js';
import { SharedHubConnectionBuilder } from './builder.js';
import type { Resync } from './lifecycle.js';
import type { SharedHubConnection } from './shared-hub-connection.js';

// A page in front of a real coordinator; only the sockets to the hubs are fakes.
let page: FakePage;

vi.mock('../../worker/hub/signalr-socket.js', () => ({
  openSignalRSocket: (...args: Parameters<FakePage['hubs']['open']>) => page.hubs.open(...args),
}));

const OPS = 'https://app.test/hubs/ops';
const CHAT = 'https://app.test/hubs/chat';

/** Another tab's wish with the settings that `build` gives: two tabs of one app. */
const AS_THE_PAGE = { settings: { ...PLAIN_SETTINGS, retryDelaysMs: [0] } };

let origin: FakePage['origin'];
let host: FakePage['host'];
let document: FakePage['document'];
let window: FakePage['window'];
let hub: FakeHub;

beforeEach(() => {
  page = new FakePage();
  ({ origin, host, document, window } = page);
  hub = page.hubs.at(OPS);
});
afterEach(() => page.close());

function build(
  options: { url?: string; http?: IHttpConnectionOptions; delays?: number[] | null } = {},
): SharedHubConnection {
  const { url = '/hubs/ops', http = {}, delays = [0] } = options;
  const builder = new SharedHubConnectionBuilder().withUrl(url, http).withWorker(page.factory);
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
    const other = await page.otherTab();
    await other.attach(OPS, AS_THE_PAGE);
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
    const other = await page.otherTab();
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

  it.each(['constructor', 'Constructor', '__proto__'])(
    'takes no handler named %s, which would fail in the worker',
    (name) => {
      const connection = build();
      expect(() => connection.on(name, () => undefined)).toThrow(expect.objectContaining({ code: 'option-invalid' }));
    },
  );

  it('says that there is no page where there is none, as on a server, and leaves no rejection that nobody catches', async () => {
    vi.stubGlobal('document', undefined);
    const connection = build();
    await expect(connection.start()).rejects.toMatchObject({
      code: 'worker-unsupported',
      message: expect.stringContaining('no page') as string,
    });
    await quiet();
    expect(connection.state).toBe('Disconnected');
  });

  it('says when SharedWorker or Web Locks are missing', async () => {
    vi.stubGlobal('navigator', {});
    await expect(build().start()).rejects.toMatchObject({ code: 'worker-unsupported' });
    vi.stubGlobal('SharedWorker', undefined);
    await expect(build().start()).rejects.toMatchObject({ code: 'worker-unsupported' });
  });

  it('takes the query of the URL for a part of it: another query is another connection', async () => {
    await started({ url: '/hubs/ops?room=1' });
    await started({ url: '/hubs/ops?room=2' });
    await started({ url: '/hubs/ops?room=2' });
    expect([hub, page.hubs.at(`${OPS}?room=1`), page.hubs.at(`${OPS}?room=2`)].map(({ held }) => held)).toEqual([
      0, 1, 1,
    ]);
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
    expect(page.hubs.at(CHAT).held).toBe(1);
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
    expect(page.hubs.at(CHAT).held).toBe(0);
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
    const other = await page.otherTab();
    await other.attach(OPS, AS_THE_PAGE);
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

  it('have as many names as there may be, and on() says so at the next', async () => {
    const connection = build();
    const last: unknown[] = [];
    for (let n = 1; n < MAX_CLIENT_METHODS; n += 1) connection.on(`price-${n}`, () => undefined);
    connection.on('price', (price) => last.push(price));
    expect(() => connection.on('one-more', () => undefined)).toThrow(
      expect.objectContaining({ code: 'limit-reached' }),
    );
    connection.on('PRICE', () => undefined);
    await connection.start();
    hub.socket.emit('price', [7]);
    await until(() => last.length === 1);
    connection.off('price-1');
    connection.on('one-more', (price) => last.push(price));
    await quiet();
    hub.socket.emit('one-more', [8]);
    await until(() => last.length === 2);
    expect(() => connection.on('x'.repeat(1_001), () => undefined)).toThrow(
      expect.objectContaining({ code: 'option-invalid' }),
    );
  });

  it('that two connections of a page want more of than it may are missed with an error in the log of each', async () => {
    const logs: string[] = [];
    const logger = { log: (_: number, text: string) => logs.push(text) };
    const [one, other] = [build({ http: { logger } }), build()];
    for (let n = 0; n < MAX_CLIENT_METHODS; n += 1) one.on(`price-${n}`, () => undefined);
    await one.start();
    await other.start();
    other.on('one-more', () => undefined);
    await until(() => logs.some((text) => text.includes(`At most ${MAX_CLIENT_METHODS} client methods`)));
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
});

describe('a stream', () => {
  /** What its subscriber is told, in order. */
  function read(stream: IStreamResult<unknown>) {
    const seen: string[] = [];
    const subscription = stream.subscribe({
      next: (item) => seen.push(`item ${String(item)}`),
      error: (error: Error) => seen.push(`error ${error.message}`),
      complete: () => seen.push('complete'),
    });
    return { seen, subscription };
  }

  it('goes out at once, and gives its items and its end', async () => {
    const connection = await started();
    const stream = connection.stream('Counter', 2, 10);
    const { seen } = read(stream);
    const onHub = await until(() => hub.streams[0]);
    expect(onHub).toMatchObject({ method: 'Counter', args: [2, 10] });
    await onHub.emit(1, 2);
    await onHub.complete();
    await until(() => seen.includes('complete'));
    expect(seen).toEqual(['item 1', 'item 2', 'complete']);
  });

  it('keeps its place among the events of the hub', async () => {
    const connection = await started();
    const seen: string[] = [];
    connection.on('metric', (n) => seen.push(`metric ${String(n)}`));
    const stream = read(connection.stream('Counter'));
    const onHub = await until(() => hub.streams[0]);
    stream.seen.push = (...items) => seen.push(...items);
    void onHub.emit('a');
    hub.socket.emit('metric', [1]);
    void onHub.emit('b');
    hub.socket.emit('metric', [2]);
    void onHub.complete();
    await until(() => seen.includes('complete'));
    expect(seen).toEqual(['item a', 'metric 1', 'item b', 'metric 2', 'complete']);
  });

  it('ends with the error of the hub', async () => {
    const connection = await started();
    const { seen } = read(connection.stream('FailingCounter'));
    const onHub = await until(() => hub.streams[0]);
    await onHub.emit(1);
    await onHub.fail('HubException: no');
    await until(() => seen.length === 2);
    expect(seen).toEqual(['item 1', 'error HubException: no']);
  });

  it('is cancelled on the hub when its last subscriber has gone, and tells nothing more', async () => {
    const connection = await started();
    const stream = connection.stream('Counter');
    const [a, b] = [read(stream), read(stream)];
    const onHub = await until(() => hub.streams[0]);
    a.subscription.dispose();
    await onHub.emit(1);
    await until(() => b.seen.length === 1);
    b.subscription.dispose();
    b.subscription.dispose();
    await until(() => onHub.cancelled);
    await onHub.emit(2);
    await quiet();
    expect([a.seen, b.seen]).toEqual([[], ['item 1']]);
    expect(hub.streamsOpen).toBe(0);
  });

  it('that is disposed of in the turn in which it was asked for is cancelled too', async () => {
    const connection = await started();
    const { seen, subscription } = read(connection.stream('Counter'));
    subscription.dispose();
    await quiet();
    expect(hub.streamsOpen).toBe(0);
    expect(seen).toEqual([]);
  });

  it('without a connection tells its subscriber later, and throws nothing', async () => {
    const { seen } = read(build().stream('Counter'));
    expect(seen).toEqual([]);
    await until(() => seen.length > 0);
    expect(seen).toEqual(["error Cannot send data if the connection is not in the 'Connected' State."]);
  });

  it('ends with SignalR’s words at a stop, before onclose', async () => {
    const connection = await started();
    const { seen } = read(connection.stream('Counter'));
    connection.onclose(() => seen.push('closed'));
    await until(() => hub.streams[0]);
    await connection.stop();
    expect(seen).toEqual(['error Invocation canceled due to the underlying connection being closed.', 'closed']);
    expect(hub.streamsOpen).toBe(0);
  });

  it('is cancelled on the hub at a stop, though another connection of the page goes on', async () => {
    const [connection, other] = [await started(), await started()];
    const [{ seen }, others] = [read(connection.stream('Counter')), read(other.stream('Counter'))];
    await until(() => hub.streams.length === 2);
    await connection.stop();
    await until(() => hub.streams[0]?.cancelled);
    expect(seen).toHaveLength(1);
    await hub.streams[1]?.emit(1);
    await until(() => others.seen.length === 1);
  });

  it('ends when the connection is lost', async () => {
    const connection = await started();
    const { seen } = read(connection.stream('Counter'));
    await until(() => hub.streams[0]);
    await hub.cut();
    await until(() => seen.length > 0);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatch(/^error /);
  });

  it('that a dying worker had taken ends as one of unknown outcome', async () => {
    const connection = await started();
    const codes: string[] = [];
    connection.stream('Counter').subscribe({
      next: () => undefined,
      complete: () => codes.push('complete'),
      error: ({ code }: { code: string }) => codes.push(code),
    });
    await until(() => hub.streams[0]);
    await quiet();
    page.killWorker();
    await until(() => codes.length > 0);
    expect(codes).toEqual(['outcome-unknown']);
  });

  it('that the dying worker never took goes to the next one', async () => {
    const connection = await started();
    page.killWorker();
    const { seen } = read(connection.stream('Counter'));
    const onHub = await until(() => hub.streams[0]);
    await onHub.emit(1);
    await onHub.complete();
    await until(() => seen.includes('complete'));
    expect(seen).toEqual(['item 1', 'complete']);
    expect(hub.streams).toHaveLength(1);
  });

  it('says what its subscriber threw, and goes on', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const connection = await started();
    const seen: unknown[] = [];
    connection.stream('Counter').subscribe({
      next: (item) => {
        seen.push(item);
        throw new Error('broken');
      },
      complete: () => seen.push('complete'),
      error: () => seen.push('error'),
    });
    const onHub = await until(() => hub.streams[0]);
    await onHub.emit(1, 2);
    await onHub.complete();
    await until(() => seen.includes('complete'));
    expect(seen).toEqual([1, 2, 'complete']);
    expect(String(log.mock.calls[0]?.[0])).toContain("stream 'Counter' threw error 'Error: broken'");
    log.mockRestore();
  });

  it.each(['', undefined])('needs the name of a method (%j)', async (name) => {
    const connection = await started();
    expect(() => connection.stream(name as string)).toThrow(
      expect.objectContaining({ code: 'option-invalid' }) as Error,
    );
  });
});

describe('streams as arguments', () => {
  it('reach the hub apart from the others, in order', async () => {
    const connection = await started();
    const [a, b] = [new Subject<number>(), new Subject<number>()];
    const call = connection.invoke('Mix', a, 'label', b);
    const invocation = await until(() => hub.invocations[0]);
    expect(invocation.args).toEqual(['label']);
    for (const n of [1, 2, 3]) a.next(n);
    b.next(10);
    a.complete();
    b.error(new Error('no more'));
    await until(() => hub.uploads.every(({ end }) => end !== null));
    expect(hub.uploads).toMatchObject([
      { items: [1, 2, 3], end: { error: null } },
      { items: [10], end: { error: 'no more' } },
    ]);
    void invocation.answer('label:6:10');
    await expect(call).resolves.toBe('label:6:10');
  });

  it('may stand side by side, which SignalR 10.0.11 mangles', async () => {
    const connection = await started();
    const [a, b] = [new Subject<number>(), new Subject<number>()];
    void connection.invoke('SumTwo', a, b).catch(() => undefined);
    const invocation = await until(() => hub.invocations[0]);
    expect(invocation.args).toEqual([]);
    expect(hub.uploads).toHaveLength(2);
  });

  it('go on after a send, until they end', async () => {
    const connection = await started();
    const subject = new Subject<number>();
    await connection.send('Swallow', subject);
    subject.next(1);
    await until(() => hub.uploads[0]?.items.length === 1);
    subject.next(2);
    subject.complete();
    await until(() => hub.uploads[0]?.end);
    expect(hub.uploads[0]?.items).toEqual([1, 2]);
    expect(hub.streamsOpen).toBe(0);
  });

  it('go up with a stream that comes down', async () => {
    const connection = await started();
    const [subject, seen] = [new Subject<number>(), [] as unknown[]];
    connection.stream('Double', subject).subscribe({
      next: (item) => seen.push(item),
      complete: () => seen.push('complete'),
      error: (error) => seen.push(error),
    });
    subject.next(2);
    const onHub = await until(() => hub.streams[0]);
    await until(() => hub.uploads[0]?.items.length === 1);
    await onHub.emit(4);
    await onHub.complete();
    await until(() => seen.includes('complete'));
    expect(seen).toEqual([4, 'complete']);
    await quiet();
    expect((subject as unknown as { observers: unknown[] }).observers).toEqual([]);
  });

  it('end on the hub when the connection is stopped', async () => {
    const connection = await started();
    const subject = new Subject<number>();
    await connection.send('Swallow', subject);
    await until(() => hub.uploads.length === 1);
    await connection.stop();
    await quiet();
    expect(hub.streamsOpen).toBe(0);
  });
});

describe('a result that the hub asks for', () => {
  it('is given by the handler of the page', async () => {
    const connection = await started();
    connection.on('AskName', () => Promise.resolve('Ada'));
    await until(() => hub.socket.listened.has('askname'));
    await expect(hub.ask('askName')).resolves.toBe('Ada');
  });

  it('is its exception, in SignalR’s words', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const connection = await started();
    connection.on('askName', () => {
      throw new Error('nobody');
    });
    await until(() => hub.socket.listened.has('askname'));
    await expect(hub.ask('askName')).rejects.toThrow('Error: nobody');
    expect(log).toHaveBeenCalledTimes(1);
    log.mockRestore();
  });

  it.each<[string, () => unknown]>([
    ['a handler that gives nothing', () => undefined],
    ['a Date, which JSON turns into a text', () => new Date(0)],
  ])('of %s is as with SignalR', async (_, handler) => {
    const connection = await started();
    connection.on('askName', handler);
    await until(() => hub.socket.listened.has('askname'));
    const answer = await hub.ask('askName').catch((error: unknown) => (error as Error).message);
    expect(answer).toBe(handler() === undefined ? "Client didn't provide a result." : new Date(0).toJSON());
  });

  it('is given by this tab when the one before it has no handler, and only then', async () => {
    const other = await page.otherTab();
    other.take = () => ({ ok: true, value: false });
    await other.attach(OPS, { ...AS_THE_PAGE, methods: ['askname'] });
    const connection = await started();
    const handler = vi.fn(() => 'page');
    connection.on('askName', handler);
    await quiet();
    await expect(hub.ask('askName')).resolves.toBe('page');
    expect(handler).toHaveBeenCalledTimes(1);
    other.take = () => ({ ok: true, value: true });
    void hub.ask('askName').catch(() => undefined);
    await until(() => other.questions.length === 2);
    await quiet();
    expect(handler).toHaveBeenCalledTimes(1);
  });
});

describe('the app’s own objects', () => {
  it('a retry policy is asked in this tab, and decides', async () => {
    const asked: unknown[] = [];
    const connection = new SharedHubConnectionBuilder()
      .withUrl('/hubs/ops')
      .withWorker(page.factory)
      .withAutomaticReconnect({
        nextRetryDelayInMilliseconds({ previousRetryCount, retryReason }) {
          asked.push([previousRetryCount, retryReason instanceof Error]);
          return 700;
        },
      })
      .build();
    await connection.start();
    await hub.cut();
    await until(() => asked.length > 0);
    await until(() => connection.state === 'Reconnecting');
    await quiet();
    await host.clock.advanceBy(700);
    await until(() => connection.state === 'Connected');
    expect(asked).toEqual([[0, true]]);
  });

  it('a logger is given SignalR’s log and what this tab has to say', async () => {
    const lines: string[] = [];
    const connection = new SharedHubConnectionBuilder()
      .withUrl('/hubs/ops')
      .withWorker(page.factory)
      .configureLogging({ log: (level, text) => lines.push(`${level} ${text}`) })
      .build();
    connection.on('metric', () => {
      throw new Error('broken');
    });
    await connection.start();
    hub.socket.emit('metric', []);
    await until(() => lines.some((line) => line.includes('broken')));
    expect(lines).toContain("4 A callback for the method 'metric' threw error 'Error: broken'.");
  });
});

describe('settings that another tab decided', () => {
  async function startedWithOthers(onwarning?: (warning: HubshareError<'settings-differ'>) => void) {
    const other = await page.otherTab();
    await other.attach(OPS);
    await other.reaches(OPS, 'live');
    const connection = build({ http: { transport: 4, headers: { 'X-App': 'a-value' } } });
    if (onwarning !== undefined) connection.onwarning(onwarning);
    await connection.start();
    return connection;
  }

  it('are told as a warning that names them, and the connection works', async () => {
    const warnings: HubshareError<'settings-differ'>[] = [];
    const connection = await startedWithOthers((warning) => warnings.push(warning));
    await until(() => warnings.length > 0);
    expect(warnings).toMatchObject([{ code: 'settings-differ', wire: { hub: OPS } }]);
    const [warning] = warnings;
    expect(warning?.wire.settings).toEqual(expect.arrayContaining(['transport', 'headers']));
    expect(warning?.message).not.toContain('a-value');
    expect(connection.state).toBe('Connected');
  });

  it('are told to the console once when nobody listens', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const connection = await startedWithOthers();
    await until(() => warn.mock.calls.length > 0);
    await connection.stop();
    await connection.start();
    await quiet();
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
  });

  it('are no matter when they are the same', async () => {
    const other = await page.otherTab();
    await other.attach(OPS, AS_THE_PAGE);
    const connection = build();
    const warned = vi.fn();
    connection.onwarning(warned);
    await connection.start();
    await quiet();
    expect(warned).not.toHaveBeenCalled();
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

  it('that rests can be started in the turn in which the page is shown, whatever the tab is told of the time before', async () => {
    const other = await page.otherTab();
    await other.attach(OPS, { settings: { ...PLAIN_SETTINGS, retryDelaysMs: [] } });
    const connection = await started({ delays: [] });
    document.visibilityState = 'hidden';
    document.dispatchEvent(new Event('visibilitychange'));
    hub.acceptsAtOnce = false;
    await hub.cut();
    await until(() => connection.state === 'Disconnected');
    await quiet();
    const starts = hub.starts.length;
    // It becomes the primary tab: the worker says so, with a status that is still at rest, before it hears of the start.
    document.visibilityState = 'visible';
    document.dispatchEvent(new Event('visibilitychange'));
    const start = connection.start();
    await until(() => hub.starts.length > starts);
    await hub.accept();
    await start;
    expect(connection.state).toBe('Connected');
    expect(hub.held).toBe(1);
  });

  it('that rests, and fails again when it is started, rejects the start with the new error', async () => {
    const connection = await started({ delays: [] });
    await hub.cut();
    await until(() => connection.state === 'Disconnected');
    hub.acceptsAtOnce = false;
    const start = connection.start();
    start.catch(() => undefined);
    await until(() => hub.starts.length === 2);
    await hub.refuse();
    await expect(start).rejects.toMatchObject({ code: 'hub-unreachable' });
    expect(connection.state).toBe('Disconnected');
  });

  it('that came back by itself finds the start done that its app makes some time after onclose, once', async () => {
    const connection = await started({ delays: [] });
    await hub.cut();
    await until(() => connection.state === 'Disconnected');
    document.dispatchEvent(new Event('visibilitychange'));
    await until(() => connection.state === 'Connected');
    await connection.start();
    await expect(connection.start()).rejects.toMatchObject({ code: 'state-invalid' });
    expect(hub.starts).toHaveLength(2);
    await connection.stop();
    await connection.start();
    await expect(connection.start()).rejects.toMatchObject({ code: 'state-invalid' });
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
    page.killWorker();
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
    page.killWorker();
    await expect(call).rejects.toMatchObject({ code: 'outcome-unknown', wire: { method: 'Slow' } });
    await until(() => connection.state === 'Connected');
    await quiet();
    expect(hub.invocations).toHaveLength(1);
  });

  it('leaves a call that it never accepted to the next one, once', async () => {
    const connection = await started();
    // The message is on its way when the worker dies.
    page.killWorker();
    const call = connection.invoke('Add', 1, 2);
    await until(() => connection.state === 'Connected' && host.starts === 2);
    void (await until(() => hub.invocations[0])).answer(3);
    await expect(call).resolves.toBe(3);
    expect(hub.invocations).toHaveLength(1);
  });

  it('has a call that the app makes in onreconnected reach the hub once', async () => {
    const connection = await started();
    connection.onreconnected(() => void connection.send('JoinGroup', 'ops'));
    page.killWorker();
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
    page.killWorker();
    await start;
    expect(connection.connectionId).toBe('connection-2');
  });

  it('while the hub is down closes a connection without automatic reconnect at the first attempt that fails', async () => {
    const connection = await started({ delays: null });
    const seen = listenTo(connection);
    hub.acceptsAtOnce = false;
    page.killWorker();
    await until(() => hub.starts.length === 2);
    await hub.refuse();
    await until(() => connection.state === 'Disconnected');
    expect(seen).toEqual(['reconnecting worker-lost', 'closed hub-unreachable']);
    await quiet();
    expect(hub.held).toBe(0);
  });

  it('leaves a call of a page that is about to freeze of unknown outcome: it could not be told that it was taken', async () => {
    const connection = await started();
    await quiet();
    document.dispatchEvent(new Event('freeze'));
    const call = connection.invoke('Away');
    call.catch(() => undefined);
    await until(() => hub.invocations.length === 1);
    page.killWorker();
    document.dispatchEvent(new Event('resume'));
    await expect(call).rejects.toMatchObject({ code: 'outcome-unknown', wire: { method: 'Away' } });
    await until(() => connection.state === 'Connected');
    await quiet();
    expect(hub.invocations).toHaveLength(1);
  });

  it('twice in a row is replaced twice', async () => {
    const connection = await started();
    page.killWorker();
    await until(() => host.starts === 2 && connection.state === 'Connected');
    page.killWorker();
    await until(() => host.starts === 3 && connection.state === 'Connected');
    expect(connection.connectionId).toBe('connection-3');
  });

  it('is not replaced when nobody needs it any more', async () => {
    const connection = await started();
    await connection.stop();
    page.killWorker();
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
    page.factory = () => {
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
    page.killWorker();
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

describe('a worker that has taken the page for gone while it was cached', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is joined anew when the page is back', async () => {
    const connection = await started();
    const seen = listenTo(connection);
    const events: unknown[] = [];
    connection.on('metric', (n) => events.push(n));
    window.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: true }));
    await quiet();
    const lock = origin.held.find((name) => name.startsWith('hubshare:tab:'))!;
    await origin.client('thief').request(lock, { steal: true }, () => undefined);
    await quiet();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    // Its port is closed: nothing answers.
    await vi.advanceTimersByTimeAsync(CONTROL_REPLY_MS);
    await until(() => connection.state === 'Connected' && seen.length === 3);
    expect(seen).toEqual(['reconnecting worker-lost', 'resync worker-replaced ?', 'reconnected connection-1']);
    hub.socket.emit('metric', [7]);
    await until(() => events.length === 1);
    expect(host.starts).toBe(1);
    expect(origin.held.filter((name) => name.startsWith('hubshare:tab:'))).toHaveLength(1);
    expect(origin.held).not.toContain(lock);
    await vi.advanceTimersByTimeAsync(LAST_WORDS_MS);
  });
});

describe('sign-out', () => {
  it('in another tab lets go of a hub at rest, which is no second close, and no later worker opens it', async () => {
    const connection = await started({ delays: [] });
    const seen = listenTo(connection);
    await hub.cut();
    await until(() => connection.state === 'Disconnected');
    const other = await page.otherTab();
    await other.api.signOut();
    await until(() => origin.held.every((name) => !name.startsWith(`hubshare:tab:${connection.tabId}`)));
    expect(seen).toEqual(['closed connection-lost']);
    page.killWorker();
    await quiet();
    expect([host.starts, hub.starts.length]).toEqual([1, 1]);
  });

  it('in this tab drops what is of the user at once, before the worker has heard of it', async () => {
    const connection = await started();
    const events: unknown[] = [];
    connection.on('metric', (value) => events.push(value));
    await until(() => hub.socket.listened.has('metric'));
    const outcome = connection.invoke('Slow');
    const seen = listenTo(connection);
    hub.hangsOnStop = true;
    hub.socket.emit('metric', ['on its way']);
    const signedOut = connection.signOut();
    expect([connection.state, seen]).toEqual(['Disconnected', ['closed signed-out']]);
    await expect(outcome).rejects.toMatchObject({ code: 'signed-out' });
    await quiet();
    expect([events, seen]).toEqual([[], ['closed signed-out']]);
    hub.hangsOnStop = false;
    await hub.finishStop();
    await signedOut;
  });

  it('is followed by a start that hears what is of the next user, and nothing that was on its way before', async () => {
    const connection = await started();
    const events: unknown[] = [];
    connection.on('metric', (value) => events.push(value));
    await until(() => hub.socket.listened.has('metric'));
    hub.socket.emit('metric', ['of the old user']);
    const signedOut = connection.signOut();
    await connection.start();
    await signedOut;
    expect(connection.state).toBe('Connected');
    hub.socket.emit('metric', ['of the next user']);
    await until(() => events.length > 0);
    expect(events).toEqual(['of the next user']);
  });

  it('in this tab closes every connection of the page', async () => {
    const [ops, chat] = [await started(), await started({ url: '/hubs/chat' })];
    const seen = listenTo(chat);
    await ops.signOut();
    await until(() => chat.state === 'Disconnected');
    expect(seen).toEqual(['closed signed-out']);
    expect(ops.state).toBe('Disconnected');
    expect(hub.held + page.hubs.at(CHAT).held).toBe(0);
  });

  it('in another tab closes this one, with the reason', async () => {
    const other = await page.otherTab();
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
    const other = await page.otherTab();
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
    page.killWorker();
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
    const other = await page.otherTab();
    await other.attach(OPS, AS_THE_PAGE);
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
    expect(resync).toBe(`resync page-restored ${dropped}`);
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
    page.killWorker();
    await expect(waiting).resolves.toMatchObject({ ok: false, error: { code: 'worker-lost' } });
    await until(() => connection.state === 'Connected');
  });
});
