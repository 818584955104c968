/** The ways to ask a hub for a connection, without a client in between: how it answers, and every byte that it sends. */
import { WebSocket } from 'ws';
import type { HubAddress } from './hub-address.js';
import { RECORD_SEPARATOR } from '../protocol/text-records.js';

export interface Reception {
  /** Of HTTP; 101 when a WebSocket was opened. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Code of the refusal, wherever it stood. */
  readonly code: string | null;
  /** How the WebSocket was closed, if there was one. */
  readonly closed: number | null;
  /** Frames that came before the end. */
  readonly heard: readonly string[];
}

export interface Key {
  /** `null`: none at all. */
  readonly token: string | null;
  /** Where it is brought. Default: the header, or the subprotocol of a WebSocket. */
  readonly where?: 'header' | 'query';
}

type Door = (hub: HubAddress, key: Key, path?: string) => Promise<Reception>;

export const DOORS: readonly (readonly [name: string, knock: Door])[] = [
  ['negotiate', (hub, key, path = '/hubs/ops') => ask(hub, 'POST', `${path}/negotiate?negotiateVersion=1`, key)],
  [
    'an event stream',
    (hub, key, path = '/hubs/ops') => ask(hub, 'GET', `${path}?id=guessed`, key, 'text/event-stream'),
  ],
  ['a long poll', (hub, key, path = '/hubs/ops') => ask(hub, 'GET', `${path}?id=guessed`, key)],
  ['a message', (hub, key, path = '/hubs/ops') => ask(hub, 'POST', `${path}?id=guessed`, key)],
  ['a WebSocket after negotiate', (hub, key, path = '/hubs/ops') => knock(hub, `${path}?id=guessed`, key)],
  ['a WebSocket without negotiate', (hub, key, path = '/hubs/ops') => knock(hub, path, key)],
];

async function ask(hub: HubAddress, method: string, path: string, key: Key, accept = '*/*'): Promise<Reception> {
  const { url, headers } = withKey(hub.url + path, key, { accept });
  const response = await fetch(url, { method, headers });
  const text = await response.text();
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    code: codeOf(text),
    closed: null,
    heard: response.ok ? [text] : [],
  };
}

/** Opens a WebSocket, shakes hands as a client does, and waits for its end. A socket that is let in stays open: it is not for good tokens. */
export function knock(hub: HubAddress, path: string, key: Key): Promise<Reception> {
  const bearer = key.token === null || key.where !== undefined ? [] : [`bearer.${key.token}`];
  const withHeader = withKey(hub.url.replace('http', 'ws') + path, key, {});
  const { url, headers } =
    key.where === undefined ? { url: hub.url.replace('http', 'ws') + path, headers: {} } : withHeader;
  return new Promise((resolve) => {
    const heard: string[] = [];
    const socket = new WebSocket(url, ['signalr', ...bearer], { headers });
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => heard.push(data.toString()));
    socket.once('open', () => {
      socket.send(
        `{"protocol":"json","version":1}${RECORD_SEPARATOR}{"type":1,"target":"Echo","arguments":[1]}${RECORD_SEPARATOR}`,
      );
      socket.once('close', (closed, reason) =>
        resolve({ status: 101, headers: {}, code: reason.toString().split(':')[0] ?? null, closed, heard }),
      );
    });
    socket.once('unexpected-response', (_request, response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (piece: string) => (body += piece));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers as Record<string, string>,
          code: codeOf(body),
          closed: null,
          heard,
        }),
      );
    });
  });
}

function withKey(url: string, { token, where = 'header' }: Key, headers: Record<string, string>) {
  if (token === null) return { url, headers };
  if (where === 'header') return { url, headers: { ...headers, authorization: `Bearer ${token}` } };
  return { url: `${url}${url.includes('?') ? '&' : '?'}access_token=${encodeURIComponent(token)}`, headers };
}

function codeOf(body: string): string | null {
  return /"code":"(\w+)"/.exec(body)?.[1] ?? null;
}
