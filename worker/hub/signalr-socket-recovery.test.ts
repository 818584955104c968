/** What a hub socket hears of its own end and of what follows it: transports that break, and hubs that say when to come back. */
import { MessageType, NullLogger, type HubMessage } from '@microsoft/signalr';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createSanitizer } from '../auth/sanitizer.js';
import { createTokenBroker } from '../auth/token-broker.js';
import { FakeClock } from '../testing/fake-clock.js';
import { PLAIN_SETTINGS } from '../testing/fake-tab.js';
import type { HubProtocolName } from '../../src/contract/rpc.js';
import { FakeHttpHub, FakeWire, read } from '../testing/fake-wire.js';
import type { HubSocket } from './hub-socket.js';
import { ACKNOWLEDGE_AFTER } from './protocol/acknowledgements.js';
import { openSignalRSocket } from './signalr-socket.js';
import { createBearer } from './transport/bearer.js';
import { retryAfterOf, type Answer } from './transport/retry-after.js';
import { createTransportMemory } from './transport-memory.js';

const HUB = 'https://h.test/hubs/ops';

const opened: HubSocket[] = [];

afterEach(async () => {
  vi.useRealTimers();
  for (const socket of opened.splice(0)) await socket.stop();
  vi.unstubAllGlobals();
});

function setUp(inner: { readonly httpClient?: FakeHttpHub } = {}, protocol: HubProtocolName = 'json') {
  const wire = new FakeWire(protocol);
  const clock = new FakeClock();
  const events = { event: vi.fn(), question: vi.fn(), closed: vi.fn(), resumed: vi.fn() };
  const retryHint = { answered: vi.fn<(answer: Answer) => void>(), announced: vi.fn(), isAnnounced: false };
  const broker = createTokenBroker({ source: null, clock, sanitizer: createSanitizer(), random: () => 0 });
  const socket = openSignalRSocket(
    {
      url: HUB,
      settings: { ...PLAIN_SETTINGS, protocol },
      bearer: createBearer(broker),
      sanitizer: createSanitizer(),
      logger: NullLogger.instance,
      clock,
      transports: createTransportMemory(7),
      retryHint,
      onFrame: () => undefined,
      onTokenExpiring: () => undefined,
      inner: { ...inner, WebSocket: wire.WebSocket },
    },
    events,
  );
  opened.push(socket);
  return { wire, clock, events, retryHint, socket };
}

interface Greeted {
  readonly protocol?: HubProtocolName;
  /** As `FakeWire.greeting`. */
  readonly greeting?: readonly HubMessage[];
}

/** Live over WebSockets, at a hub that keeps connections whose transport is cut. */
async function setUpLive({ protocol = 'json', greeting = [] }: Greeted = {}) {
  const http = new FakeHttpHub();
  http.negotiates.set(`${HUB}/negotiate`, () => ({
    negotiateVersion: 1,
    connectionId: 'i',
    connectionToken: 'connection-secret',
    useStatefulReconnect: true,
    availableTransports: [{ transport: 'WebSockets', transferFormats: ['Text', 'Binary'] }],
  }));
  const parts = setUp({ httpClient: http }, protocol);
  parts.wire.greeting = greeting;
  parts.socket.listen('metric');
  await parts.socket.start();
  return parts;
}

describe('a transport that is cut', () => {
  it('and made again by stateful reconnect is told with the hub’s first frame there, before its events', async () => {
    const { wire, clock, events, socket } = await setUpLive();
    const order: string[] = [];
    socket.listen('metric');
    events.resumed.mockImplementation(() => order.push('resumed'));
    events.event.mockImplementation(() => order.push('event'));
    wire.socket.end();
    await clock.advanceBy(30);
    await vi.waitFor(() => expect(wire.sockets).toHaveLength(2));
    await vi.waitFor(() => expect(wire.socket.readyState).toBe(1));
    expect(events.resumed).not.toHaveBeenCalled();
    wire.say({ type: MessageType.Sequence, sequenceId: 1 } as never);
    wire.say({ type: MessageType.Invocation, target: 'metric', arguments: [1] });
    expect(events.resumed.mock.calls).toEqual([[30]]);
    expect(order).toEqual(['resumed', 'event']);
    expect(events.closed).not.toHaveBeenCalled();
  });

  it('and not made again is a loss, and nothing else', async () => {
    const { wire, events } = await setUpLive();
    wire.refuses = true;
    wire.socket.end();
    await vi.waitFor(() => expect(events.closed).toHaveBeenCalledTimes(1));
    expect(events.resumed).not.toHaveBeenCalled();
  });
});

describe.each(['json', 'messagepack'] as const)('the first events of a hub over %s', (protocol) => {
  const metric = (n: number): HubMessage => ({
    type: MessageType.Invocation,
    headers: {},
    target: 'metric',
    arguments: [n],
    streamIds: [],
  });
  const numbers = (events: { readonly event: { readonly mock: { readonly calls: unknown[][] } } }): unknown[] =>
    events.event.mock.calls.map(([, args]) => (args as unknown[])[0]);

  it.each([0, 1, 3])('are received once, %d of them in one frame with the answer to the handshake', async (count) => {
    const greeting = Array.from({ length: count }, (_, index) => metric(index + 1));
    const { wire, events } = await setUpLive({ protocol, greeting });
    wire.say(...[1, 2, 3].map((n) => metric(count + n)));
    const sent = Array.from({ length: count + 3 }, (_, index) => index + 1);
    await vi.waitFor(() => expect(numbers(events)).toEqual(sent));

    wire.socket.end();
    await vi.waitFor(() => expect(wire.sockets).toHaveLength(2));
    await vi.waitFor(() => expect(wire.socket.readyState).toBe(1));
    // The hub has had no acknowledgement yet: it sends everything again, and goes on.
    wire.say({ type: MessageType.Sequence, sequenceId: 1 } as never, ...sent.map(metric), metric(count + 4));
    expect(numbers(events)).toEqual([...sent, count + 4]);
    expect(events.closed).not.toHaveBeenCalled();
  });
});

describe.each(['json', 'messagepack'] as const)('a hub that takes connections up again, over %s,', (protocol) => {
  const note = (size: number): HubMessage => ({
    type: MessageType.Invocation,
    headers: {},
    target: 'metric',
    arguments: ['x'.repeat(size)],
    streamIds: [],
  });
  const ACK = 8;
  /** The acknowledgements that the hub got. */
  const acknowledged = (wire: FakeWire): unknown[] =>
    wire.sockets
      .flatMap((socket) => socket.frames.map(read))
      .map((message) => (Array.isArray(message) ? (message as unknown[]) : Object.values(message)))
      .filter(([type]) => type === ACK)
      .map(([, sequenceId]) => sequenceId);

  it('is told what has come before it has to wait for that, and never the same twice', async () => {
    vi.useFakeTimers();
    const { wire } = await setUpLive({ protocol });
    wire.say(note(ACKNOWLEDGE_AFTER));
    await vi.advanceTimersByTimeAsync(0);
    expect(acknowledged(wire)).toEqual([1]);
    wire.say(note(5));
    // SignalR's own, a second after the first message.
    await vi.advanceTimersByTimeAsync(1_000);
    expect(acknowledged(wire)).toEqual([1, 2]);
    wire.say(note(ACKNOWLEDGE_AFTER));
    await vi.advanceTimersByTimeAsync(0);
    expect(acknowledged(wire)).toEqual([1, 2, 3]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(acknowledged(wire)).toEqual([1, 2, 3]);
  });

  it('is told again over the next transport what it sends again', async () => {
    const { wire } = await setUpLive({ protocol });
    wire.say(note(ACKNOWLEDGE_AFTER));
    await vi.waitFor(() => expect(acknowledged(wire)).toEqual([1]));
    wire.socket.end();
    await vi.waitFor(() => expect(wire.sockets).toHaveLength(2));
    await vi.waitFor(() => expect(wire.socket.readyState).toBe(1));
    wire.say({ type: MessageType.Sequence, sequenceId: 1 } as never, note(ACKNOWLEDGE_AFTER));
    await vi.waitFor(() => expect(acknowledged(wire)).toEqual([1, 1]));
  });

  it('holds up no call: far more than SignalR’s 100,000 bytes go without an acknowledgement', async () => {
    const { wire, socket } = await setUpLive({ protocol });
    for (let n = 0; n < 10; n += 1) await socket.send('Log', ['x'.repeat(50_000)], []);
    expect(wire.received).toHaveLength(10);
  });
});

it('a hub that only acknowledges for its whole timeout is a loss, which is not taken up again', async () => {
  const { wire, clock, events, socket } = await setUpLive();
  const sent = wire.sockets.length;
  const acknowledge = (): void => wire.say({ type: MessageType.Ack, sequenceId: 1 });
  const call = socket.invoke('Echo', [1], []).catch((error: unknown) => error);
  wire.say({ type: MessageType.Ping });
  await clock.advanceBy(30_000);
  acknowledge();
  expect(events.closed).not.toHaveBeenCalled();
  await clock.advanceBy(1);
  acknowledge();
  expect(events.closed).toHaveBeenCalledTimes(1);
  expect(await call).toBeInstanceOf(Error);
  await socket.stop();
  expect(events.closed).toHaveBeenCalledTimes(1);
  expect(wire.sockets).toHaveLength(sent);
});

it('a hub that does not take connections up again is told nothing', async () => {
  const http = new FakeHttpHub();
  http.negotiates.set(`${HUB}/negotiate`, () => ({
    negotiateVersion: 1,
    connectionId: 'i',
    connectionToken: 'connection-secret',
    availableTransports: [{ transport: 'WebSockets', transferFormats: ['Text', 'Binary'] }],
  }));
  const { wire, socket } = setUp({ httpClient: http });
  await socket.start();
  const before = wire.socket.sent.length;
  for (let n = 0; n < 3; n += 1)
    wire.say({ type: MessageType.Invocation, target: 'metric', arguments: ['x'.repeat(ACKNOWLEDGE_AFTER)] });
  await Promise.resolve();
  expect(wire.socket.sent).toHaveLength(before);
});

it('a connection that ends after the hub has said that it goes down is not taken up again at once', async () => {
  const { wire, events, retryHint } = await setUpLive();
  retryHint.isAnnounced = true;
  wire.socket.end();
  await vi.waitFor(() => expect(events.closed).toHaveBeenCalledTimes(1));
  expect(wire.sockets).toHaveLength(1);
  expect(events.resumed).not.toHaveBeenCalled();
});

describe('connection.retryAfter', () => {
  const say = (wire: FakeWire, ...args: unknown[]): void =>
    wire.say({ type: MessageType.Invocation, target: 'connection.retryAfter', arguments: args });

  it('is heard though nobody listens to it', async () => {
    const { wire, retryHint, events } = await setUpLive();
    say(wire, 5_000);
    expect(retryHint.announced.mock.calls).toEqual([[[5_000]]]);
    expect(events.event).not.toHaveBeenCalled();
  });

  it('is an event too for those who listen, until they stop', async () => {
    const { wire, retryHint, events, socket } = await setUpLive();
    socket.listen('connection.retryafter');
    say(wire, 5_000);
    socket.unlisten('connection.retryafter');
    say(wire, 6_000);
    expect(events.event.mock.calls).toEqual([['connection.retryafter', [5_000]]]);
    expect(retryHint.announced.mock.calls).toEqual([[[5_000]], [[6_000]]]);
  });
});

describe('a hub that is busy', () => {
  it('says by its answer to negotiate when to come back', async () => {
    vi.stubGlobal('fetch', () =>
      Promise.resolve(new Response('Busy', { status: 503, headers: { 'retry-after': '20' } })),
    );
    const { socket, retryHint } = setUp();
    await expect(socket.start()).rejects.toThrow("Busy: Status code '503'");
    expect(retryHint.answered.mock.calls.map(([answer]) => retryAfterOf(answer, 0))).toEqual([20_000]);
  });

  it('is not heard any more by a start that was given up', async () => {
    let answer: ((response: Response) => void) | null = null;
    vi.stubGlobal('fetch', () => new Promise<Response>((resolve) => (answer = resolve)));
    const { socket, retryHint } = setUp();
    const refused = expect(socket.start()).rejects.toThrow();
    await vi.waitFor(() => expect(answer).not.toBeNull());
    socket.abandon();
    answer!(new Response('Busy', { status: 503, headers: { 'retry-after': '20' } }));
    await refused;
    expect(retryHint.answered).not.toHaveBeenCalled();
  });
});
