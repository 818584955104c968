import type { IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { WebSocket as NodeWebSocket, WebSocketServer } from 'ws';
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
  const Socket = createBearerWebSocket({
    bearer: { peek: () => token },
    base: FakeWebSocket as unknown as typeof WebSocket,
    ...(signal === undefined ? {} : { signal }),
  });
  return { Socket, made: FakeWebSocket.made };
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

it('over a real socket: the token is in the header alone, and the hub selects its protocol', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'signalr' });
  try {
    await once(server, 'listening');
    const connected = once(server, 'connection');
    const Socket = createBearerWebSocket({
      bearer: { peek: () => 'a.b.c' },
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
