/** Starts hubs and clients for a test and ends all of them after it. */
import type { HttpTransportType, HubConnection } from '@microsoft/signalr';
import { afterEach } from 'vitest';
import type { Counters } from '../counters.js';
import { startHub, type DemoHub, type HubOptions } from '../index.js';
import { createClient, type ClientOptions, type TokenBox } from './client.js';
import type { HubAddress } from './hub-address.js';

export type Counts = Counters & {
  readonly connections: number;
  readonly topicMembers: number;
  readonly connectionsByUser: Readonly<Record<string, number>>;
  readonly connectionIds: readonly string[];
};

export interface SignedIn extends TokenBox {
  readonly user: string;
  readonly expiresIn: number;
  /** As it goes into a `Cookie` header. */
  readonly cookie: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Record<string, unknown>;
}

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** No alarms and no tolerance unless asked for: what a test sees is what it did. */
export async function hubFor(options: HubOptions = {}): Promise<DemoHub> {
  const hub = await startHub({ alarms: false, clockToleranceSeconds: 0, metricIntervalMs: 60_000, ...options });
  endings.push(() => hub.close());
  return hub;
}

export async function request(hub: HubAddress, method: string, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${hub.url}${path}`, { ...init, method });
  const text = await response.text();
  const json = (response.headers.get('content-type') ?? '').includes('json') ? (JSON.parse(text) as object) : { text };
  return { status: response.status, headers: response.headers, json: json as Record<string, unknown> };
}

export function post(
  hub: HubAddress,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return request(hub, 'POST', path, {
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

export async function signIn(hub: HubAddress, user = 'ann'): Promise<SignedIn> {
  const { json, headers } = await post(hub, '/auth/sign-in', { user });
  return {
    user,
    token: json['accessToken'] as string,
    expiresIn: json['expiresIn'] as number,
    cookie: cookieOf(headers),
  };
}

export function cookieOf(headers: Headers): string {
  return headers.getSetCookie().map((cookie) => cookie.split(';')[0])[0] ?? '';
}

export async function admin(hub: HubAddress, path: string, body: unknown = {}): Promise<Record<string, unknown>> {
  const { status, json } = await post(hub, `/admin/${path}`, body, { 'x-demo-admin': '1' });
  if (status !== 200) throw new Error(`admin ${path}: ${status} ${JSON.stringify(json)}`);
  return json;
}

export async function adminGet(hub: HubAddress, path: string): Promise<Record<string, unknown>> {
  return (await request(hub, 'GET', `/admin/${path}`, { headers: { 'x-demo-admin': '1' } })).json;
}

export async function counts(hub: HubAddress): Promise<Counts> {
  return (await adminGet(hub, 'counts')) as unknown as Counts;
}

export function clientFor(
  hub: HubAddress,
  box: TokenBox,
  transport: HttpTransportType,
  options?: ClientOptions,
): HubConnection {
  const client = createClient(hub.url, box, transport, options);
  endings.push(() => client.stop());
  return client;
}

/** The next event of this name; listen before causing it. */
export function next<T extends unknown[]>(client: HubConnection, event: string): Promise<T> {
  return new Promise((resolve) => {
    const handler = (...args: unknown[]): void => {
      client.off(event, handler);
      resolve(args as T);
    };
    client.on(event, handler);
  });
}

/** How the client is told that the connection is over for good. */
export function closed(client: HubConnection): Promise<Error | undefined> {
  return new Promise((resolve) => client.onclose(resolve));
}
