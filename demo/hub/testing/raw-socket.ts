/** A WebSocket that speaks the hub protocol in JSON without a client around it: it can say what no client would. */
import { WebSocket } from 'ws';
import type { HubAddress } from './hub-address.js';
import { RECORD_SEPARATOR } from '../protocol/text-records.js';
import type { TokenBox } from './client.js';

export interface RawSocket {
  /** All hub messages so far, events that the hub sends by itself left out. */
  readonly heard: readonly Record<string, unknown>[];
  /** What `connection.authorized` has said; `null` until then. */
  readonly greeting: unknown;
  readonly over: Promise<void>;
  say(...messages: readonly object[]): void;
  /** Cuts it without a goodbye. */
  terminate(): void;
}

/** Where the token is. `lowercase`: in the header, as `bearer`. */
export type TokenPlace = 'subprotocol' | 'header' | 'lowercase' | 'query';

const OWN_EVENTS = ['connection.authorized', 'presence', 'metric', 'token.expiring'];

/** @param query - Added to the URL, with its question mark. */
export async function openRawSocket(
  hub: HubAddress,
  { token }: TokenBox,
  where: TokenPlace = 'subprotocol',
  query = '',
): Promise<RawSocket> {
  const url = `${hub.url.replace('http', 'ws')}/hubs/ops${where === 'query' ? `?access_token=${token}` : query}`;
  const protocols = where === 'subprotocol' ? ['signalr', `bearer.${token}`] : ['signalr'];
  const scheme = { header: 'Bearer', lowercase: 'bearer', query: null, subprotocol: null }[where];
  const socket = new WebSocket(
    url,
    protocols,
    scheme === null ? {} : { headers: { authorization: `${scheme} ${token}` } },
  );
  const heard: Record<string, unknown>[] = [];
  let greeting: unknown = null;
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
        const message = JSON.parse(text) as { readonly target?: unknown; readonly arguments?: readonly unknown[] };
        if (message.target === 'connection.authorized') greeting = message.arguments?.[0];
        if (!OWN_EVENTS.includes(String(message.target))) heard.push({ ...message });
      }
    });
  });
  return {
    heard,
    get greeting() {
      return greeting;
    },
    over,
    say,
    terminate: () => socket.terminate(),
  };
}
