import type { IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket as NodeWebSocket, WebSocketServer } from 'ws';
import { FakeClock } from '../../testing/fake-clock.js';
import { createBearerWebSocket } from './web-socket.js';

class FakeWebSocket extends EventTarget {
  static readonly OPEN = 1;
  static made: unknown[][] = [];
  closed = 0;

  constructor(...args: unknown[]) {
    super();
    FakeWebSocket.made.push(args);
  }

  close(): void {
    this.closed++;
    this.dispatchEvent(new Event('close'));
  }
}

function setUp(token: string | null, signal?: AbortSignal) {
  FakeWebSocket.made = [];
  const clock = new FakeClock();
  const onResumed = vi.fn();
  const Socket = createBearerWebSocket({
    bearer: { peek: () => token },
    now: () => clock.now(),
    onResumed,
    base: FakeWebSocket as unknown as typeof WebSocket,
    ...(signal === undefined ? {} : { signal }),
  });
  return { Socket, made: FakeWebSocket.made, clock, onResumed };
}

it('offers the hub’s protocol and the token, in this order', () => {
  const { Socket, made } = setUp('a.b-c_d');
  new Socket('wss://h.test/hub?id=x');
  expect(made).toEqual([['wss://h.test/hub?id=x', ['signalr', 'bearer.a.b-c_d']]]);
});

it('is an ordinary WebSocket without a token', () => {
  const { Socket, made } = setUp(null);
  new Socket('wss://h.test/hub?id=x');
  new Socket('wss://h.test/hub', ['chat']);
  expect(made).toEqual([['wss://h.test/hub?id=x'], ['wss://h.test/hub', ['chat']]]);
});

it('takes a token out of the URL and uses it as the bearer', () => {
  const { Socket, made } = setUp('of-the-broker');
  new Socket('wss://h.test/hub?id=x&access_token=of-a-redirect');
  expect(made).toEqual([['wss://h.test/hub?id=x', ['signalr', 'bearer.of-a-redirect']]]);
});

it.each(['with/slash', 'padded==', 'comma,'])(
  'throws for a token like %j, without repeating it, so that SignalR goes on',
  (token) => {
    const { Socket, made } = setUp(token);
    let error: unknown;
    try {
      new Socket('wss://h.test/hub');
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'feature-unavailable' });
    expect((error as Error).message).not.toContain(token);
    expect(made).toEqual([]);
  },
);

it('keeps the static OPEN, which SignalR compares with', () => {
  expect(setUp(null).Socket.OPEN).toBe(1);
});

it('closes with the run that it belongs to, and none is opened after', () => {
  const run = new AbortController();
  const { Socket } = setUp(null, run.signal);
  const open = new Socket('wss://h.test/hub') as unknown as FakeWebSocket;
  const gone = new Socket('wss://h.test/hub') as unknown as FakeWebSocket;
  gone.close();
  run.abort();
  expect(open.closed).toBe(1);
  expect(gone.closed).toBe(1);
  expect(() => new Socket('wss://h.test/hub')).toThrow();
});

describe('a connection that the hub takes up again on another socket', () => {
  const frame = (socket: WebSocket): boolean => socket.dispatchEvent(new Event('message'));

  it('is told with the first frame there, and with how long it was without one', async () => {
    const { Socket, clock, onResumed } = setUp(null);
    const first = new Socket('wss://h.test/hub');
    frame(first);
    await clock.advanceBy(1_000);
    first.close();
    await clock.advanceBy(30);
    const second = new Socket('wss://h.test/hub');
    await clock.advanceBy(12);
    expect(onResumed).not.toHaveBeenCalled();
    frame(second);
    frame(second);
    expect(onResumed.mock.calls).toEqual([[42]]);
  });

  it('again is told again', async () => {
    const { Socket, clock, onResumed } = setUp(null);
    for (let n = 0; n < 3; n += 1) {
      const socket = new Socket('wss://h.test/hub');
      await clock.advanceBy(5);
      frame(socket);
      socket.close();
    }
    expect(onResumed.mock.calls).toEqual([[5], [5]]);
  });

  it('is none when the first socket never carried anything: the connection had not begun', () => {
    const { Socket, onResumed } = setUp(null);
    new Socket('wss://h.test/hub').close();
    frame(new Socket('wss://h.test/hub'));
    expect(onResumed).not.toHaveBeenCalled();
  });

  it('is none when the second socket carries nothing', () => {
    const { Socket, onResumed } = setUp(null);
    const first = new Socket('wss://h.test/hub');
    frame(first);
    first.close();
    new Socket('wss://h.test/hub').close();
    expect(onResumed).not.toHaveBeenCalled();
  });
});

it('over a real socket: the token is in the header alone, and the hub selects its protocol', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'signalr' });
  try {
    await once(server, 'listening');
    const connected = once(server, 'connection');
    const Socket = createBearerWebSocket({
      bearer: { peek: () => 'a.b.c' },
      now: () => 0,
      base: NodeWebSocket as unknown as typeof WebSocket,
    });
    const socket = new Socket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/hub?id=x&access_token=a.b.c`);
    const [, request] = (await connected) as [unknown, IncomingMessage];
    expect(request.url).toBe('/hub?id=x');
    expect(request.headers['sec-websocket-protocol']).toBe('signalr,bearer.a.b.c');
    if (socket.readyState !== Socket.OPEN) await once(socket as unknown as NodeWebSocket, 'open');
    expect(socket.protocol).toBe('signalr');
    const closed = once(socket as unknown as NodeWebSocket, 'close');
    socket.close();
    await closed;
  } finally {
    server.close();
  }
});
