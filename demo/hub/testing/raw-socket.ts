/** A WebSocket that speaks the hub protocol in JSON without a client around it: it can say what no client would. */
import { WebSocket } from 'ws';
import type { DemoHub } from '../index.js';
import { RECORD_SEPARATOR } from '../protocol/text-records.js';
import type { TokenBox } from './client.js';

export interface RawSocket {
  /** All hub messages so far, events that the hub sends by itself left out. */
  readonly heard: readonly Record<string, unknown>[];
  readonly over: Promise<void>;
  say(...messages: readonly object[]): void;
  /** Cuts it without a goodbye. */
  terminate(): void;
}

const OWN_EVENTS = ['connection.authorized', 'presence', 'metric', 'token.expiring'];

export async function openRawSocket(hub: DemoHub, { token }: TokenBox): Promise<RawSocket> {
  const socket = new WebSocket(`${hub.url.replace('http', 'ws')}/hubs/ops`, ['signalr', `bearer.${token}`]);
  const heard: Record<string, unknown>[] = [];
  const over = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  const say = (...messages: readonly object[]): void =>
    socket.send(messages.map((message) => JSON.stringify(message) + RECORD_SEPARATOR).join(''));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => say({ protocol: 'json', version: 1 }));
    socket.once('close', () => reject(new Error('The hub closed the socket at once.')));
    socket.on('message', (data: Buffer) => {
      resolve();
      for (const text of data.toString('utf8').split(RECORD_SEPARATOR)) {
        if (text === '' || text === '{}') continue;
        const message = JSON.parse(text) as Record<string, unknown>;
        if (!OWN_EVENTS.includes(String(message['target']))) heard.push(message);
      }
    });
  });
  return { heard, over, say, terminate: () => socket.terminate() };
}
