import {
  AbortError,
  HttpTransportType,
  JsonHubProtocol,
  MessageType,
  NullLogger,
  type HttpRequest,
  type HttpResponse,
  type HubMessage,
} from '@microsoft/signalr';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { HubSettings } from '../../src/contract/rpc.js';
import { createSanitizer } from '../auth/sanitizer.js';
import { createTokenBroker } from '../auth/token-broker.js';
import { FakeClock } from '../testing/fake-clock.js';
import { FakeHttpHub, FakeWire, type Received } from '../testing/fake-wire.js';
import { quiet, until } from '../testing/settle.js';
import { startFailure } from './failure.js';
import type { HubSocket, UploadSource } from './hub-socket.js';
import { openSignalRSocket } from './signalr-socket.js';
import { createBearer, type Bearer } from './transport/bearer.js';
import { createTransportMemory } from './transport-memory.js';

const HUB = 'https://h.test/hubs/ops';

const SETTINGS: HubSettings = {
  protocol: 'json',
  transport: HttpTransportType.WebSockets,
  skipNegotiation: true,
  withCredentials: true,
  headers: {},
  requestTimeoutMs: null,
  serverTimeoutMs: null,
  keepAliveIntervalMs: null,
  retryDelaysMs: null,
  logLevel: null,
  statefulReconnectBufferSize: null,
};

const open: HubSocket[] = [];

afterEach(async () => {
  vi.useRealTimers();
  for (const socket of open.splice(0)) {
    await socket.stop();
    socket.abandon();
  }
});

function brokerOf(name: string) {
  let issued = 0;
  return createTokenBroker({
    source: { kind: 'endpoint', fetch: async () => ({ token: `${name}-${++issued}`, expiresInSeconds: 300 }) },
    clock: new FakeClock(),
    sanitizer: createSanitizer(),
    random: () => 0,
  });
}

const anonymous = (): Bearer =>
  createBearer(
    createTokenBroker({ source: null, clock: new FakeClock(), sanitizer: createSanitizer(), random: () => 0 }),
  );

function setUp(
  settings: Partial<HubSettings> = {},
  { bearer = anonymous(), http = new FakeHttpHub() }: { bearer?: Bearer; http?: FakeHttpHub } = {},
) {
  const all = { ...SETTINGS, ...settings };
  const wire = new FakeWire(all.protocol);
  http.binary = all.protocol === 'messagepack';
  const clock = new FakeClock();
  const events = {
    event: vi.fn(),
    question: vi.fn<(...call: unknown[]) => Promise<unknown>>(),
    closed: vi.fn(),
    resumed: vi.fn(),
  };
  const retryHint = { answered: vi.fn(), announced: vi.fn(), isAnnounced: false };
  const expiring: (number | null)[] = [];
  const openSocket = (): HubSocket => {
    const socket = openSignalRSocket(
      {
        url: HUB,
        settings: all,
        bearer,
        sanitizer: createSanitizer(),
        logger: NullLogger.instance,
        clock,
        transports: createTransportMemory(all.transport ?? 7),
        retryHint,
        onFrame: () => undefined,
        onTokenExpiring: (atMs) => expiring.push(atMs),
        inner: { httpClient: http, WebSocket: wire.WebSocket },
      },
      events,
    );
    open.push(socket);
    return socket;
  };
  return { wire, http, events, retryHint, expiring, clock, openSocket };
}

async function setUpLive(...args: Parameters<typeof setUp>) {
  const parts = setUp(...args);
  const socket = parts.openSocket();
  await socket.start();
  return { ...parts, socket };
}

/** An upload that the test feeds. */
function upload() {
  const disposed = vi.fn();
  let to: Parameters<UploadSource['subscribe']>[0] | null = null;
  const source: UploadSource = {
    subscribe: (observer) => {
      to = observer;
      return { dispose: disposed };
    },
  };
  return {
    source,
    disposed,
    get observer() {
      if (to === null) throw new Error('Nobody has subscribed.');
      return to;
    },
  };
}

const invocation = (target: string, args: unknown[], invocationId?: string): HubMessage => ({
  type: MessageType.Invocation,
  target,
  arguments: args,
  ...(invocationId === undefined ? {} : { invocationId }),
});

/** The message as SignalR's own protocol writes it, with its fields in SignalR's order. */
const written = (message: Record<string, unknown>): string => new JsonHubProtocol().writeMessage(message as never);

describe('streams that go along with a call', () => {
  const calls = ['invoke', 'send', 'stream'] as const;
  const cases = calls.flatMap((kind) =>
    [1, 2, 3].flatMap((count) => [[], ['a', 1]].map((args) => [kind, count, args] as const)),
  );

  it.each(cases)('are all named and none is sent as a value: %s, %i of them, other arguments %j', async (...call) => {
    const [kind, count, args] = call;
    const { wire, socket } = await setUpLive();
    const uploads = Array.from({ length: count }, upload);
    const sources = uploads.map(({ source }) => source);
    if (kind === 'stream') {
      socket.stream(
        'Take',
        args,
        { next: () => undefined, complete: () => undefined, error: () => undefined },
        sources,
      );
    } else {
      void socket[kind]('Take', args, sources).catch(() => undefined);
    }
    await until(() => wire.frames.length === 1);

    const streamIds = uploads.map((_, index) => String(index));
    const invocationId = String(count);
    expect(wire.frames).toEqual([
      written({
        target: 'Take',
        arguments: [...args],
        ...(kind === 'send' ? {} : { invocationId }),
        streamIds,
        type: kind === 'stream' ? MessageType.StreamInvocation : MessageType.Invocation,
      }),
    ]);
  });

  it('bring their items and their end under their own names, in order', async () => {
    const { wire, socket } = await setUpLive();
    const [first, second] = [upload(), upload()];
    const result = socket.invoke('SumTwo', [], [first.source, second.source]);
    first.observer.next(1);
    second.observer.next(10);
    second.observer.complete();
    first.observer.error(new Error('no more'));
    await until(() => wire.frames.length === 5);
    expect(wire.received.slice(1)).toEqual([
      { type: 2, invocationId: '0', item: 1 },
      { type: 2, invocationId: '1', item: 10 },
      { type: 3, invocationId: '1' },
      { type: 3, invocationId: '0', error: 'no more' },
    ]);
    wire.say({ type: MessageType.Completion, invocationId: '2', result: [1, 10] });
    await expect(result).resolves.toEqual([1, 10]);
    expect(first.disposed).not.toHaveBeenCalled();
  });

  it('are let go of when the method has ended without them', async () => {
    const { wire, socket } = await setUpLive();
    const { source, disposed, observer } = await (async () => {
      const own = upload();
      const result = socket.invoke('Sum', [], [own.source]);
      await until(() => wire.frames.length === 1);
      wire.say({ type: MessageType.Completion, invocationId: '1', error: 'no' });
      await expect(result).rejects.toThrow('no');
      return own;
    })();
    expect(source).toBeDefined();
    expect(disposed).toHaveBeenCalledTimes(1);
    observer.next(1);
    observer.complete();
    await quiet();
    expect(wire.frames).toHaveLength(1);
  });

  it('go on after a send, whose end nobody hears of', async () => {
    const { wire, socket } = await setUpLive();
    const own = upload();
    await socket.send('Swallow', [], [own.source]);
    own.observer.next('late');
    await until(() => wire.frames.length === 2);
    expect(own.disposed).not.toHaveBeenCalled();
  });

  it('are let go of with the connection, and what they say then is rejected to nobody', async () => {
    const { wire, socket, events } = await setUpLive();
    const own = upload();
    await socket.send('Swallow', [], [own.source]);
    wire.socket.end();
    await until(() => events.closed.mock.calls.length === 1);
    expect(own.disposed).toHaveBeenCalledTimes(1);
    own.observer.next('late');
    own.observer.complete();
    await quiet();
    expect(wire.frames).toHaveLength(1);
  });

  it('leave the spacers out of binary messages too', async () => {
    const { wire, socket } = await setUpLive({ protocol: 'messagepack' });
    const [first, second] = [upload(), upload()];
    void socket.invoke('Mix', ['label'], [first.source, second.source]).catch(() => undefined);
    await until(() => wire.frames.length === 1);
    expect(wire.received).toEqual([[1, {}, '2', 'Mix', ['label'], ['0', '1']]]);
  });
});

describe('a question of the hub', () => {
  async function ask(
    answer: () => Promise<unknown>,
    args: unknown[] = [1],
  ): Promise<{ reply: Received; got: unknown }> {
    const { wire, socket, events } = await setUpLive();
    events.question.mockImplementation(answer);
    socket.listen('askname');
    wire.say(invocation('AskName', args, 'q1'));
    await until(() => wire.received.length === 1);
    expect(events.event).not.toHaveBeenCalled();
    return { reply: wire.received[0] as Received, got: events.question.mock.calls };
  }

  it.each([[['a', null]], [[]]])('reaches the handler with the arguments as they were sent: %j', async (args) => {
    const { got, reply } = await ask(() => Promise.resolve('Ada'), args);
    expect(got).toEqual([['askname', args]]);
    expect(reply).toEqual({ type: 3, invocationId: 'q1', result: 'Ada' });
  });

  it.each([[0], [false], ['']])('is answered with %j too', async (value) => {
    expect((await ask(() => Promise.resolve(value))).reply).toEqual({ type: 3, invocationId: 'q1', result: value });
  });

  it('is answered with null', async () => {
    expect((await ask(() => Promise.resolve(null))).reply).toEqual({ type: 3, invocationId: 'q1', result: null });
  });

  it('that nobody answers gets SignalR’s words', async () => {
    expect((await ask(() => Promise.resolve(undefined))).reply).toEqual({
      type: 3,
      invocationId: 'q1',
      error: "Client didn't provide a result.",
    });
  });

  it('that fails gets the bare text', async () => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the text is what the hub is told
    const { reply } = await ask(() => Promise.reject('Error: busy'));
    expect(reply).toEqual({ type: 3, invocationId: 'q1', error: 'Error: busy' });
  });

  it('for which no handler is there is answered by SignalR itself', async () => {
    const { wire, events } = await setUpLive();
    wire.say(invocation('AskName', [], 'q1'));
    await until(() => wire.received.length === 1);
    expect(wire.received).toEqual([{ type: 3, invocationId: 'q1', error: "Client didn't provide a result." }]);
    expect(events.question).not.toHaveBeenCalled();
  });

  it('is none when it has no id: it is an event, and nothing is answered', async () => {
    const { wire, socket, events } = await setUpLive();
    socket.listen('metric');
    wire.say(invocation('Metric', ['cpu', 1]));
    await quiet();
    expect(events.event.mock.calls).toEqual([['metric', ['cpu', 1]]]);
    expect(events.question).not.toHaveBeenCalled();
    expect(wire.received).toEqual([]);
  });

  it('brings bytes in MessagePack, and its answer takes them back', async () => {
    const { wire, socket, events } = await setUpLive({ protocol: 'messagepack' });
    socket.listen('askbytes');
    events.question.mockImplementation((_method, args) => Promise.resolve((args as unknown[])[0]));
    wire.say(invocation('AskBytes', [new Uint8Array([1, 2, 3])], 'q1'));
    await until(() => wire.received.length === 1);
    expect(wire.received).toEqual([[3, {}, 'q1', 3, new Uint8Array([1, 2, 3])]]);
  });
});

describe('connection.authorized', () => {
  it('is heard also when no tab listens, and by tabs that do', async () => {
    const { wire, socket, events } = await setUpLive();
    wire.say(invocation('connection.authorized', [{ reauth: 'call' }]));
    expect(events.event).not.toHaveBeenCalled();
    void socket.reauthenticate('a-token').catch(() => undefined);
    await until(() => wire.received.length === 1);
    expect(wire.received[0]).toMatchObject({ target: 'connection.reauth' });
    socket.listen('connection.authorized');
    wire.say(invocation('connection.authorized', [{ reauth: 'call' }]));
    expect(events.event).toHaveBeenCalledTimes(1);
  });
});

describe('a hub that takes a new token by a cut', () => {
  const announced = invocation('connection.authorized', [{ reauth: 'cut' }]);

  async function setUpResumable(name: 'WebSockets' | 'LongPolling') {
    const http = new FakeHttpHub();
    // As ASP.NET Core answers: it grants stateful reconnect before it knows the transport.
    http.negotiates.set(`${HUB}/negotiate`, () => ({
      negotiateVersion: 1,
      connectionId: 'c1',
      connectionToken: 'secret-of-c1',
      useStatefulReconnect: true,
      availableTransports: [{ transport: name, transferFormats: ['Text', 'Binary'] }],
    }));
    return setUpLive({ skipNegotiation: false, transport: HttpTransportType[name] }, { http });
  }

  it('is asked for it over a WebSocket, where SignalR takes the connection up again', async () => {
    const { wire, socket } = await setUpResumable('WebSockets');
    wire.say(announced);
    await expect(socket.reauthenticate('a-token')).resolves.toBe('cut');
    await until(() => wire.received.some((message) => JSON.stringify(message).includes('connection.cut')));
  });

  it('is never asked for it over another transport, where the connection would end', async () => {
    const { http, socket, events } = await setUpResumable('LongPolling');
    socket.listen('metric');
    for (const message of [announced, invocation('metric', [1])]) http.say(written({ ...message }));
    await until(() => events.event.mock.calls.length === 1);
    await expect(socket.reauthenticate('a-token')).resolves.toBe('none');
    const sent = http.requests.map(({ content }) => content);
    expect(sent.some((content) => typeof content === 'string' && content.includes('connection.cut'))).toBe(false);
  });
});

describe('token.expiring (US8-3)', () => {
  it('is heard also when no tab listens, and by tabs that do', async () => {
    const { wire, socket, events, expiring } = await setUpLive();
    wire.say(invocation('token.expiring', [{ expiresAt: 5_000 }]));
    expect(expiring).toEqual([5_000]);
    expect(events.event).not.toHaveBeenCalled();
    socket.listen('token.expiring');
    wire.say(invocation('token.expiring', []));
    expect(expiring).toEqual([5_000, null]);
    expect(events.event).toHaveBeenCalledExactlyOnceWith('token.expiring', []);
    socket.unlisten('token.expiring');
    wire.say(invocation('token.expiring', []));
    expect(expiring).toHaveLength(3);
    expect(events.event).toHaveBeenCalledTimes(1);
  });

  it('is no news any more of a connection that was stopped', async () => {
    const { wire, socket, expiring } = await setUpLive();
    await socket.stop();
    wire.say(invocation('token.expiring', [{ expiresAt: 5_000 }]));
    expect(expiring).toEqual([]);
  });
});

describe('a stream of the hub', () => {
  async function setUpStream() {
    const parts = await setUpLive();
    const told: unknown[] = [];
    const cancel = parts.socket.stream('Counter', [3], {
      next: (item) => told.push(item),
      complete: () => told.push('complete'),
      error: (error) => told.push(`error ${(error as Error).message}`),
    });
    await until(() => parts.wire.frames.length === 1);
    const item = (value: unknown): HubMessage => ({ type: MessageType.StreamItem, invocationId: '0', item: value });
    const completion = (error?: string): HubMessage => ({
      type: MessageType.Completion,
      invocationId: '0',
      ...(error === undefined ? {} : { error }),
    });
    return { ...parts, told, cancel, item, completion };
  }

  it('brings its items and its end', async () => {
    const { wire, told, item, completion } = await setUpStream();
    wire.say(item(0), item(1), completion());
    expect(told).toEqual([0, 1, 'complete']);
  });

  it('brings its error in the hub’s words', async () => {
    const { wire, told, item, completion } = await setUpStream();
    wire.say(item(0), completion('HubException: no'));
    expect(told).toEqual([0, 'error HubException: no']);
  });

  it('tells the hub of a cancel, and the sink nothing more', async () => {
    const { wire, told, item, completion, cancel } = await setUpStream();
    wire.say(item(0));
    cancel();
    cancel();
    wire.say(item(1), completion());
    await until(() => wire.frames.length === 2);
    await quiet();
    expect(wire.received.slice(1)).toEqual([{ type: 5, invocationId: '0' }]);
    expect(told).toEqual([0]);
  });

  it('that has ended is not cancelled', async () => {
    const { wire, completion, cancel } = await setUpStream();
    wire.say(completion());
    cancel();
    await quiet();
    expect(wire.frames).toHaveLength(1);
  });

  it('ends with the connection, once', async () => {
    const { wire, told, cancel } = await setUpStream();
    wire.socket.end();
    cancel();
    await quiet();
    expect(told).toEqual(['error WebSocket closed with status code: 1006 (no reason given).']);
  });

  it('keeps its uploads after a cancel: the method may wait for their end', async () => {
    const { wire, socket } = await setUpLive();
    const own = upload();
    const sink = { next: () => undefined, complete: () => undefined, error: () => undefined };
    const cancel = socket.stream('Double', [], sink, [own.source]);
    cancel();
    own.observer.complete();
    await until(() => wire.frames.length === 3);
    expect(wire.received.slice(1)).toEqual([
      { type: 5, invocationId: '1' },
      { type: 3, invocationId: '0' },
    ]);
  });

  it('with an argument that cannot be written fails, after the call has returned', async () => {
    const { socket } = await setUpLive();
    const error = vi.fn();
    socket.stream('Counter', [1n], { next: () => undefined, complete: () => undefined, error });
    expect(error).not.toHaveBeenCalled();
    await quiet();
    expect(error).toHaveBeenCalledTimes(1);
  });
});

describe('MessagePack', () => {
  it('is what the handshake asks for, and the socket gives buffers', async () => {
    const { wire } = await setUpLive({ protocol: 'messagepack' });
    expect(wire.socket.sent[0]).toBe('{"protocol":"messagepack","version":1}\u001e');
    expect(wire.socket.binaryType).toBe('arraybuffer');
  });

  it('carries bytes and dates both ways', async () => {
    const { wire, socket } = await setUpLive({ protocol: 'messagepack' });
    const args = [new Uint8Array([1, 2]), new Date(5_000)];
    const result = socket.invoke('Echo', args);
    await until(() => wire.frames.length === 1);
    expect(wire.received).toEqual([[1, {}, '0', 'Echo', args]]);
    wire.say({ type: MessageType.Completion, invocationId: '0', result: args });
    await expect(result).resolves.toEqual(args);
  });

  it('runs over long polling, whose requests carry buffers', async () => {
    const http = new FakeHttpHub();
    http.negotiates.set(`${HUB}/negotiate`, () => ({
      negotiateVersion: 1,
      connectionId: 'i',
      connectionToken: 'connection-secret',
      availableTransports: [
        { transport: 'ServerSentEvents', transferFormats: ['Text'] },
        { transport: 'LongPolling', transferFormats: ['Text', 'Binary'] },
      ],
    }));
    const { socket, wire, events } = await setUpLive(
      { protocol: 'messagepack', transport: null, skipNegotiation: false },
      { http },
    );
    expect(socket.transport).toBe('LongPolling');
    const result = socket.invoke('Echo', [new Uint8Array([7])]);
    const posted = await until(() => http.requests.find((request) => request.content instanceof ArrayBuffer));
    expect(posted).toMatchObject({ method: 'POST', responseType: 'arraybuffer' });
    http.say(
      wire.protocol.writeMessage({
        type: MessageType.Completion,
        invocationId: '0',
        result: new Uint8Array([7]),
      }),
    );
    await expect(result).resolves.toEqual(new Uint8Array([7]));
    expect(
      http.requests.filter(({ method }) => method === 'GET').every((get) => get.responseType === 'arraybuffer'),
    ).toBe(true);
    expect(events.closed).not.toHaveBeenCalled();
  });
});

describe('settings that cannot work', () => {
  it.each<[string, Partial<HubSettings>]>([
    ['transport', { protocol: 'messagepack', transport: HttpTransportType.ServerSentEvents, skipNegotiation: false }],
    ['skipNegotiation', { skipNegotiation: true, transport: null }],
    ['skipNegotiation', { skipNegotiation: true, transport: HttpTransportType.LongPolling }],
  ])('are refused before anything is sent: %s', (option, settings) => {
    const { openSocket, http } = setUp(settings);
    expect(openSocket).toThrow(
      expect.objectContaining({ wire: expect.objectContaining({ code: 'option-invalid', option }) }),
    );
    expect(http.requests).toEqual([]);
  });
});

describe('settings', () => {
  it('for requests are on each of them', async () => {
    const http = new FakeHttpHub();
    http.negotiates.set(`${HUB}/negotiate`, () => ({
      negotiateVersion: 1,
      connectionId: 'i',
      connectionToken: 'connection-secret',
      availableTransports: [{ transport: 'LongPolling', transferFormats: ['Text', 'Binary'] }],
    }));
    const { socket } = await setUpLive(
      {
        transport: null,
        skipNegotiation: false,
        headers: { 'X-App': '1' },
        withCredentials: false,
        requestTimeoutMs: 1_234,
      },
      { http },
    );
    await socket.send('Log', ['x']);
    await socket.stop();
    expect(http.requests.map(({ method }) => method)).toEqual(expect.arrayContaining(['GET', 'POST', 'DELETE']));
    for (const request of http.requests) {
      expect(request).toMatchObject({ withCredentials: false, headers: { 'X-App': '1' } });
      // A poll waits for the hub: SignalR gives it a limit of its own.
      expect(request.timeout).toBe(request.method === 'GET' ? 100_000 : 1_234);
    }
  });

  it('skipNegotiation: no request is made at all', async () => {
    const { http, socket } = await setUpLive();
    expect(http.requests).toEqual([]);
    expect(socket.connectionId).toBeNull();
  });

  it('serverTimeout: a silent hub is given up after it, and not before', async () => {
    vi.useFakeTimers();
    const { wire, events } = await setUpLive({ serverTimeoutMs: 500 });
    wire.say({ type: MessageType.Ping });
    await vi.advanceTimersByTimeAsync(499);
    expect(events.closed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(events.closed.mock.calls[0]?.[0]).toMatchObject({
      message: 'Server timeout elapsed without receiving a message from the server.',
    });
  });

  it('keepAliveInterval: the hub is pinged after it', async () => {
    vi.useFakeTimers();
    const { wire } = await setUpLive({ keepAliveIntervalMs: 300 });
    wire.say({ type: MessageType.Ping });
    const pings = (): number => wire.socket.sent.filter((frame) => frame === '{"type":6}\u001e').length;
    const atStart = pings();
    await vi.advanceTimersByTimeAsync(299);
    expect(pings()).toBe(atStart);
    await vi.advanceTimersByTimeAsync(1);
    expect(pings()).toBe(atStart + 1);
  });
});

describe('a stop in the middle of a start over long polling', () => {
  /** Answers one step of the start only when the test says so. */
  class SteppedHub extends FakeHttpHub {
    held: (() => void) | null = null;

    constructor(private readonly step: string) {
      super();
      this.negotiates.set(`${HUB}/negotiate`, () => ({
        negotiateVersion: 1,
        connectionId: 'i',
        connectionToken: 'connection-secret',
        availableTransports: [{ transport: 'LongPolling', transferFormats: ['Text', 'Binary'] }],
      }));
    }

    override async send(request: HttpRequest): Promise<HttpResponse> {
      const response = super.send(request);
      if (this.steps.at(-1) !== this.step || this.steps.indexOf(this.step) !== this.steps.length - 1) return response;
      await new Promise<void>((resolve, reject) => {
        this.held = resolve;
        if (request.abortSignal) request.abortSignal.onabort = () => reject(new AbortError());
      });
      return response;
    }

    get steps(): string[] {
      return this.requests.map(({ method, url }) => `${method ?? ''} ${new URL(url ?? '').pathname}`);
    }
  }

  async function setUpHeld(step: string) {
    const http = new SteppedHub(step);
    const { openSocket, events } = setUp({ transport: null, skipNegotiation: false }, { http });
    const socket = openSocket();
    const started = socket.start().then(
      () => 'started',
      () => 'refused',
    );
    const release = await until(() => http.held);
    return { http, events, socket, started, release };
  }

  it.each([
    ['the first poll is', 'GET /hubs/ops'],
    ['the handshake is', 'POST /hubs/ops'],
  ])('when %s under way takes the connection off the hub', async (_what, step) => {
    const { http, events, socket, started, release } = await setUpHeld(step);
    const stopped = socket.stop();
    release();
    await stopped;
    expect(await started).toBe('refused');
    const last = http.requests.at(-1);
    expect(last).toMatchObject({ method: 'DELETE', url: `${HUB}?id=connection-secret` });
    await quiet();
    expect(http.requests.at(-1)).toBe(last);
    expect(events.closed).not.toHaveBeenCalled();
  });

  it('when negotiate is under way does not wait for its answer, and nothing follows', async () => {
    const { http, socket, started } = await setUpHeld('POST /hubs/ops/negotiate');
    await socket.stop();
    expect(await started).toBe('refused');
    await quiet();
    expect(http.steps).toEqual(['POST /hubs/ops/negotiate']);
  });

  it('that takes too long is broken off', async () => {
    const { http, socket, started } = await setUpHeld('GET /hubs/ops');
    const stopped = socket.stop();
    await quiet();
    expect(http.steps.at(-1)).toBe('GET /hubs/ops');
    socket.abandon();
    await stopped;
    expect(await started).toBe('refused');
  });
});

describe('an event stream that ends before the first ping has been answered', () => {
  /** Its events are what the test stubs `fetch` with; the ping that ends a start is answered when the test says so. */
  class StreamingHub extends FakeHttpHub {
    answerPing: (() => void) | null = null;
    #stream: ReadableStreamDefaultController<Uint8Array> | null = null;
    readonly fetch = async (): Promise<Response> =>
      new Response(new ReadableStream<Uint8Array>({ start: (stream) => void (this.#stream = stream) }), {
        headers: { 'content-type': 'text/event-stream' },
      });

    constructor() {
      super();
      this.negotiates.set(`${HUB}/negotiate`, () => ({
        negotiateVersion: 1,
        connectionId: 'i',
        connectionToken: 'connection-secret',
        availableTransports: [{ transport: 'ServerSentEvents', transferFormats: ['Text'] }],
      }));
    }

    override async send(request: HttpRequest): Promise<HttpResponse> {
      const response = super.send(request);
      if (request.content === '{"type":6}\u001e') await new Promise<void>((resolve) => (this.answerPing = resolve));
      return response;
    }

    override say(frame: unknown): void {
      this.#stream?.enqueue(new TextEncoder().encode(`data: ${String(frame)}\r\n\r\n`));
    }

    end(): void {
      this.#stream?.close();
    }
  }

  async function setUpPinging() {
    const http = new StreamingHub();
    vi.stubGlobal('fetch', http.fetch);
    const { openSocket, events } = setUp({ transport: null, skipNegotiation: false }, { http });
    const socket = openSocket();
    const started = socket.start();
    const answerPing = await until(() => http.answerPing);
    return { http, events, socket, started, answerPing };
  }

  afterEach(() => void vi.unstubAllGlobals());

  it('is a loss that is told', async () => {
    const { http, events, started, answerPing } = await setUpPinging();
    http.end();
    await quiet();
    expect(events.closed).not.toHaveBeenCalled();
    answerPing();
    await started;
    expect(events.closed.mock.calls).toEqual([[expect.any(Error), null]]);
  });

  it('is none when the stream goes on', async () => {
    const { events, socket, started, answerPing } = await setUpPinging();
    answerPing();
    await started;
    await quiet();
    expect(events.closed).not.toHaveBeenCalled();
    expect(socket.transport).toBe('ServerSentEvents');
  });
});

describe('a negotiate that points to a service', () => {
  const SERVICE = 'https://service.test/client';
  /** Hub and service as Azure's: the hub hands over a new token at each negotiate. */
  function setUpRedirect(settings: Partial<HubSettings> = {}, transport = 'LongPolling', stateful = false) {
    const http = new FakeHttpHub();
    let handedOver = 0;
    let connections = 0;
    http.negotiates.set(`${HUB}/negotiate`, () => ({
      url: `${SERVICE}?hub=ops`,
      accessToken: `service-${++handedOver}`,
      availableTransports: [],
    }));
    http.negotiates.set(`${SERVICE}/negotiate`, () => ({
      negotiateVersion: 1,
      connectionId: 'i',
      connectionToken: `connection-secret-${++connections}`,
      useStatefulReconnect: stateful,
      availableTransports: [{ transport, transferFormats: ['Text', 'Binary'] }],
    }));
    return setUp(
      { transport: null, skipNegotiation: false, ...settings },
      { http, bearer: createBearer(brokerOf('app')) },
    );
  }

  /** No token of the one ever went to the other, and none into a URL. */
  function expectApart(http: FakeHttpHub, wire: FakeWire): void {
    for (const line of http.log)
      expect(line).toMatch(line.includes('service.test') ? / Bearer service-\d$/ : / Bearer app-\d$/);
    for (const { url } of [...http.requests, ...wire.sockets])
      expect(url).not.toMatch(/app-\d|service-\d|access_token/);
    for (const { url, protocols } of wire.sockets) {
      expect(new URL(url).host).toBe('service.test');
      expect(protocols).toEqual(['signalr', expect.stringMatching(/^bearer\.service-\d$/)]);
    }
  }

  it('gives its token to every request of long polling', async () => {
    const { http, wire, openSocket } = setUpRedirect();
    const socket = openSocket();
    await socket.start();
    await socket.send('Log', ['x']);
    await socket.stop();
    expect(new Set(http.log)).toEqual(
      new Set([
        'POST h.test/hubs/ops/negotiate Bearer app-1',
        'POST service.test/client/negotiate Bearer service-1',
        'GET service.test/client Bearer service-1',
        'POST service.test/client Bearer service-1',
        'DELETE service.test/client Bearer service-1',
      ]),
    );
    expectApart(http, wire);
  });

  it('gives its token to the WebSocket, and the next start gets a new one from a new negotiate', async () => {
    const { http, wire, openSocket, events } = setUpRedirect({}, 'WebSockets');
    await openSocket().start();
    wire.socket.end();
    await until(() => events.closed.mock.calls.length === 1);
    await openSocket().start();
    expect(wire.sockets.map(({ protocols }) => protocols[1])).toEqual(['bearer.service-1', 'bearer.service-2']);
    expect(http.log.filter((line) => line.includes('h.test'))).toEqual([
      'POST h.test/hubs/ops/negotiate Bearer app-1',
      'POST h.test/hubs/ops/negotiate Bearer app-1',
    ]);
    expectApart(http, wire);
  });

  it('is lost when the service refuses its token in the middle, and the next start negotiates anew', async () => {
    const { http, wire, openSocket, events } = setUpRedirect();
    await openSocket().start();
    await until(() => http.requests.filter(({ method }) => method === 'GET').length >= 3);
    http.failPoll(401);
    await until(() => events.closed.mock.calls.length === 1);
    await openSocket().start();
    expect(http.log).toContain('POST service.test/client/negotiate Bearer service-2');
    expectApart(http, wire);
  });

  it('is lost when a stateful reconnect brings a token that has expired, and the next start negotiates anew', async () => {
    const { http, wire, openSocket, events } = setUpRedirect({}, 'WebSockets', true);
    await openSocket().start();
    wire.refuses = true;
    wire.socket.end();
    await until(() => events.closed.mock.calls.length === 1);
    expect(wire.sockets.map(({ protocols }) => protocols[1])).toEqual(['bearer.service-1', 'bearer.service-1']);
    wire.refuses = false;
    await openSocket().start();
    expect(wire.socket.protocols[1]).toBe('bearer.service-2');
    expectApart(http, wire);
  });

  it('whose token the service refuses at once is worth another start: the user’s token was not refused', async () => {
    const { http, wire, openSocket } = setUpRedirect();
    http.refuse = (request) => (request.url?.includes('service.test') === true ? 401 : null);
    const error = await openSocket()
      .start()
      .catch((thrown: unknown) => thrown);
    expect(startFailure(error, HUB, (text) => text)).toMatchObject({
      retryable: true,
      error: { code: 'hub-refused', httpStatus: 401 },
    });
    expectApart(http, wire);
  });

  it('serves an anonymous hub too', async () => {
    const { http } = setUpRedirect();
    const { openSocket } = setUp({ transport: null, skipNegotiation: false }, { http });
    await openSocket().start();
    expect(http.log.slice(0, 2)).toEqual([
      'POST h.test/hubs/ops/negotiate anonymous',
      'POST service.test/client/negotiate Bearer service-1',
    ]);
  });
});

it('answers a question once, although a stateful reconnect brings it twice', async () => {
  const http = new FakeHttpHub();
  http.negotiates.set(`${HUB}/negotiate`, () => ({
    negotiateVersion: 1,
    connectionId: 'i',
    connectionToken: 'connection-secret',
    useStatefulReconnect: true,
    availableTransports: [{ transport: 'WebSockets', transferFormats: ['Text', 'Binary'] }],
  }));
  const { wire, socket, events } = await setUpLive({ transport: null, skipNegotiation: false }, { http });
  socket.listen('askname');
  events.question.mockResolvedValue('Ada');
  wire.say(invocation('AskName', [], 'q1'));
  await until(() => wire.received.length === 1);
  wire.socket.end();
  await until(() => wire.sockets.length === 2);
  await until(() => wire.socket.frames.length > 0);
  wire.say(
    { type: MessageType.Sequence, sequenceId: 1 },
    invocation('AskName', [], 'q1'),
    invocation('AskName', [], 'q2'),
  );
  await until(() => wire.socket.frames.some((frame) => JSON.stringify(frame).includes('q2')));
  expect(events.question).toHaveBeenCalledTimes(2);
  // The answer to the first is sent again as the bytes it was, for the hub has not acknowledged it.
  const answers = wire.received.filter((message) => (message as { type?: number }).type === 3);
  expect(answers.map((answer) => (answer as { invocationId: string }).invocationId)).toEqual(['q1', 'q1', 'q2']);
});

describe('a transport that breaks under stateful reconnect', () => {
  async function setUpStateful() {
    const http = new FakeHttpHub();
    http.negotiates.set(`${HUB}/negotiate`, () => ({
      negotiateVersion: 1,
      connectionId: 'i',
      connectionToken: 'connection-secret',
      useStatefulReconnect: true,
      availableTransports: [{ transport: 'WebSockets', transferFormats: ['Text', 'Binary'] }],
    }));
    return setUpLive({ transport: null, skipNegotiation: false }, { http });
  }

  it('just after an upload loses the connection, for the hub might take later calls for doubles', async () => {
    const { wire, socket, events, clock } = await setUpStateful();
    const sent = upload();
    const call = socket.invoke('Sum', [], [sent.source]).catch((error: unknown) => error);
    sent.observer.next(1);
    sent.observer.complete();
    await clock.advanceBy(5_000);
    wire.socket.end();
    await until(() => events.closed.mock.calls.length === 1);
    expect(wire.sockets).toHaveLength(1);
    expect(await call).toBeInstanceOf(Error);
  });

  it('later, or without an upload, is mended unseen', async () => {
    const { wire, socket, events, clock } = await setUpStateful();
    const sent = upload();
    void socket.invoke('Sum', [], [sent.source]).catch(() => undefined);
    sent.observer.complete();
    await clock.advanceBy(5_001);
    wire.socket.end();
    await until(() => wire.sockets.length === 2);
    expect(events.closed).not.toHaveBeenCalled();
  });
});
