/** What a harness page offers to the tests as `window.tab`: everything in it can be read through `page.evaluate`. */
import type { Resync } from 'hubshare';
import type { SignalRConnection } from '../../src/contract/connection.js';
import type { Alert, HubMetrics } from '../../src/contract/metrics.js';
import type { WorkerReport } from '../../src/contract/report.js';
import type { Delivery } from './delivery-api.js';
import type { Fetching } from './fetching.js';
import type { Traffic } from './traffic-api.js';

/** How something ended that may fail: an error as data, because an error loses its fields on the way out of a page. */
export type Outcome =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: HarnessError };

export interface HarnessError {
  readonly name: string;
  /** The `code` of a HubshareError, `null` for any other error. */
  readonly code: string | null;
  readonly message: string;
}

export interface StatusChange {
  /** Milliseconds since the epoch: comparable with the clock of the test, which runs on the same machine. */
  readonly atMs: number;
  readonly snapshot: SignalRConnection;
}

export interface PrimaryChange {
  readonly atMs: number;
  readonly isPrimary: boolean;
}

export interface SignInAsked {
  readonly code: string;
  readonly isPrimary: boolean;
}

/** What SignalR's own three callbacks told the app, in order. */
export type Lifecycle =
  | { readonly type: 'reconnecting'; readonly error: HarnessError | null }
  | { readonly type: 'reconnected'; readonly connectionId: string | null }
  | { readonly type: 'closed'; readonly error: HarnessError | null };

export interface ReceivedEvent {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** The public members of the connection, read at one moment. */
export interface ConnectionView {
  readonly state: string;
  readonly connectionId: string | null;
  readonly baseUrl: string;
  readonly tabId: string;
  readonly isPrimary: boolean;
  /** Milliseconds since the epoch; `null`: no attempt is due. */
  readonly retryAtMs: number | null;
  readonly snapshot: SignalRConnection;
}

export interface TabUnderTest {
  /** How building the connection ended; everything below needs that to be a success. */
  readonly built: Outcome;
  /** The number in each `sequence` event, in the order in which the handler got them. */
  readonly received: readonly number[];
  readonly statuses: readonly StatusChange[];
  readonly primaries: readonly PrimaryChange[];
  readonly lifecycle: readonly Lifecycle[];
  readonly events: readonly ReceivedEvent[];
  /** Why events may have been missed, each time that the connection said so. */
  readonly resyncs: readonly Resync[];
  /** Each time that the connection said that somebody has to sign in. */
  readonly signInsAsked: readonly SignInAsked[];
  /** How often this page's `accessTokenFactory` was asked. Stays 0 where the worker fetches its tokens itself. */
  readonly tokenCalls: number;

  view(): ConnectionView;
  start(): Promise<Outcome>;
  stop(): Promise<Outcome>;
  signOut(): Promise<Outcome>;
  invoke(method: string, ...args: unknown[]): Promise<Outcome>;
  send(method: string, ...args: unknown[]): Promise<Outcome>;
  /** Starts a call and keeps its outcome in `calls`, for calls that are in flight while the test does something else. */
  begin(name: string, method: string, ...args: unknown[]): void;
  readonly calls: Readonly<Record<string, Outcome>>;
  /** Calls the hub through Microsoft's own client, on a connection of its own that is closed again. */
  invokeWithPlainSignalR(method: string, ...args: unknown[]): Promise<Outcome>;
  /** From now on `accessTokenFactory` never answers in this page. */
  holdTokens(): void;
  /** From now on `accessTokenFactory` fails in this page, and in no other. */
  failTokens(): void;
  /** The hub's figures as the worker has counted them. */
  metrics(): Promise<HubMetrics>;
  /** From now on this page asks for alerts; those that it is told of are in `alerts`. */
  watchAlerts(): void;
  readonly alerts: readonly Alert[];
  /** Streams, uploads, answers to the hub, further hubs. */
  readonly traffic: Traffic;
  /** Requests with the worker's token. */
  readonly fetching: Fetching;
  /** Topics, claims, and all that was told in its order. */
  readonly delivery: Delivery;
  /** The worker's own state, as the worker reports it. */
  report(): Promise<WorkerReport>;
  reconnectNow(): Promise<Outcome>;
  refreshTokenNow(): Promise<Outcome>;
  becomePrimary(): Promise<Outcome>;
  /** Gives a wrong value to the builder or the connection, by the name of the misuse. */
  misuse(name: Misuse): Promise<Outcome>;
  /** Speaks to the worker through a port of its own, without the library: what a broken or foreign script could do. */
  intrude(): Promise<readonly IntruderAnswer[]>;
  /** Joins the worker by hand and tries to get at the token and at other tabs. `elsewhere`: a hub of the attacker's. */
  attack(elsewhere: string): Promise<HostileReport>;
}

/** What a hostile script came to. */
export interface HostileReport {
  /** What it tried, and `ok` or the code of the error that it got. */
  readonly tried: Readonly<Record<string, string>>;
  /** Everything that its ports were told, as JSON. */
  readonly received: readonly string[];
  /** The ids of all tabs, which the report names. */
  readonly tabs: readonly string[];
}

/** The answer of the worker to one wrong message. */
export interface IntruderAnswer {
  readonly message: string;
  /** Code of the error; `null`: the worker answered without one, as if nothing were wrong. */
  readonly code: string | null;
  readonly advice: string | null;
}

export const misuses = [
  'url that is a number',
  'url that is empty',
  'url of another scheme',
  'token factory that is a string',
  'transport that does not exist',
  'reconnect delays that are strings',
  'reconnect delay that is negative',
  'server timeout that is not a number',
  'keep-alive that is zero',
  'worker that is no function',
  'worker factory that gives no worker',
  'build without url',
  'handler that is no function',
  'method name that is a number',
] as const;

export type Misuse = (typeof misuses)[number];

declare global {
  interface Window {
    readonly tab: TabUnderTest;
  }
}
